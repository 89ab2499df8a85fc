//! The bytes of one input, decompressed where its first bytes say so.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cartage_source_api::SourceError;
use flate2::bufread::MultiGzDecoder;

use crate::found::{Found, Place};
use crate::remote::ObjectReader;

/// How much is asked of the system at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Longest signature of a compression that is looked for.
const SIGNATURE_BYTES: usize = 6;

/// A stream of decompressed bytes that may go from thread to thread.
pub(crate) type Input = Box<dyn Read + Send>;

/// Counts the bytes that were read of the input itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct BytesRead(Arc<AtomicU64>);

impl BytesRead {
    /// Bytes that were read before.
    pub(crate) fn of(bytes: u64) -> Self {
        Self(Arc::new(AtomicU64::new(bytes)))
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Counting<R> {
    inner: R,
    read: BytesRead,
}

impl<R: Read> Read for Counting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.0.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// Opens an input; what is read of it counts into `read`. An object is one that is on its way already.
pub(crate) fn open(
    found: &Found,
    object: Option<ObjectReader>,
    read: BytesRead,
) -> Result<Input, SourceError> {
    let failed = |source| SourceError::Read { input: found.name.to_string(), source };
    let raw: Input = match (&found.place, object) {
        (_, Some(object)) => Box::new(object),
        (Place::File(path), None) => Box::new(File::open(path).map_err(failed)?),
        (Place::StandardInput | Place::Object(_), None) => Box::new(io::stdin()),
    };
    let mut raw = Counting { inner: raw, read };
    let mut signature = Vec::with_capacity(SIGNATURE_BYTES);
    (&mut raw).take(SIGNATURE_BYTES as u64).read_to_end(&mut signature).map_err(failed)?;
    let packed = Packing::of(&signature);
    let whole = Cursor::new(signature).chain(raw);
    match packed {
        Packing::None => Ok(Box::new(whole)),
        Packing::Gzip => {
            let decoder = MultiGzDecoder::new(BufReader::with_capacity(BUFFER_BYTES, whole));
            Ok(Box::new(Unpacked { inner: decoder, kind: "gzip" }))
        }
        Packing::Zstd => {
            let decoder = zstd::stream::read::Decoder::new(whole).map_err(failed)?;
            Ok(Box::new(Unpacked { inner: decoder, kind: "zstd" }))
        }
        Packing::Foreign(kind) => Err(SourceError::Unusable {
            input: found.name.to_string(),
            reason: format!("is compressed with {kind}, which is not read; use gzip or zstd, or unpack it"),
        }),
    }
}

/// How a file is compressed.
enum Packing {
    None,
    Gzip,
    Zstd,
    /// In a way that is recognized only to be refused.
    Foreign(&'static str),
}

impl Packing {
    fn of(signature: &[u8]) -> Self {
        match signature {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [b'B', b'Z', b'h', ..] => Self::Foreign("bzip2"),
            [0xfd, b'7', b'z', b'X', b'Z', 0] => Self::Foreign("xz"),
            [b'P', b'K', 3, 4, ..] => Self::Foreign("zip"),
            _ => Self::None,
        }
    }
}

/// Says in words what is wrong with compressed data.
struct Unpacked<R> {
    inner: R,
    kind: &'static str,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match error.kind() {
            ErrorKind::Interrupted => error,
            ErrorKind::UnexpectedEof => io::Error::new(
                error.kind(),
                format!("the {} data ends in the middle; the file was cut, copy it again", self.kind),
            ),
            _ => io::Error::new(error.kind(), format!("the {} data is damaged: {error}", self.kind)),
        })
    }
}
