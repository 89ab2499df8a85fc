//! An object as a stream of bytes for code that waits.

use std::io::{self, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::{Buf, Bytes};
use cartage_runtime::CancelToken;
use tokio::runtime::Handle;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

use super::failure::Failure;
use super::fetch::{Chunk, send};
use super::object::Object;

/// How often a thread that waits looks whether the run was cancelled.
const LOOK: Duration = Duration::from_millis(200);

/// Reads an object that is already on its way. Dropping it ends the download.
#[derive(Debug)]
pub(crate) struct ObjectReader {
    executor: Handle,
    chunks: Receiver<Chunk>,
    current: Bytes,
    read: u64,
    size: u64,
    cancel: CancelToken,
}

impl ObjectReader {
    /// Begins to download.
    pub(super) fn start(object: &Arc<Object>, executor: &Handle, cancel: &CancelToken) -> Self {
        let (to, chunks) = channel(1);
        executor.spawn(send(Arc::clone(object), to));
        Self {
            executor: executor.clone(),
            chunks,
            current: Bytes::new(),
            read: 0,
            size: object.size(),
            cancel: cancel.clone(),
        }
    }

    fn next_chunk(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            if self.cancel.is_cancelled() {
                return Err(io::Error::other("the run was cancelled"));
            }
            let waiting = async { timeout(LOOK, self.chunks.recv()).await };
            if let Ok(chunk) = self.executor.block_on(waiting) {
                return chunk.transpose().map_err(io::Error::from);
            }
        }
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.current.has_remaining() {
            match self.next_chunk()? {
                Some(chunk) => self.current = chunk,
                None if self.read == self.size => return Ok(0),
                None => return Err(Failure::broken_off().into()),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        self.read += count as u64;
        Ok(count)
    }
}
