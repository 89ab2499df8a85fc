//! A job file as batches, from any row on.

use std::fs::File;
use std::io::{BufRead, BufReader};

use arrow::array::RecordBatch;
use cartage_destinations_api::{Codec, Error, FileFormat, JobFile, Result};
use flate2::read::MultiGzDecoder;
use indexmap::IndexMap;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use serde_json::value::RawValue;

use crate::sink::{JsonRows, Rows};

/// Name that dlt's own tables and columns begin with.
const OWN: &str = "_dlt";

/// Whether a table or column is one of dlt's own.
pub(crate) fn is_own(name: &str) -> bool {
    name.starts_with(OWN)
}

/// What a file is cut into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut {
    /// Rows of a batch at most.
    pub(crate) size: usize,
    /// Whether dlt's own columns are left out.
    pub(crate) skip_own: bool,
}

/// The rows of one file, batch by batch.
pub(crate) enum Batches {
    Json { lines: Box<dyn BufRead>, name: String, cut: Cut },
    Arrow { reader: Box<ParquetRecordBatchReader>, name: String },
}

/// Rows that a batch owns.
#[derive(Debug)]
pub(crate) enum Owned {
    Json(JsonRows),
    Arrow(RecordBatch),
}

impl Owned {
    pub(crate) fn rows(&self) -> Rows<'_> {
        match self {
            Self::Json(rows) => Rows::Json(rows),
            Self::Arrow(batch) => Rows::Arrow(batch),
        }
    }
}

impl Batches {
    /// Opens the file of a job after its first `skip` rows.
    pub(crate) fn open(job: &JobFile, skip: u64, cut: Cut) -> Result<Self> {
        let path = job.local()?;
        let name = path.display().to_string();
        let file = File::open(path)
            .map_err(|cause| Error::transient(format!("cannot open {name}: {cause}")).with_source(cause))?;
        match job.format {
            FileFormat::Parquet => Self::parquet(file, name, skip, cut),
            FileFormat::Jsonl => Self::json(file, job.codec, name, skip, cut),
            other => Err(Error::invalid(format!("{other} files cannot be split into batches"))),
        }
    }

    fn parquet(file: File, name: String, skip: u64, cut: Cut) -> Result<Self> {
        let corrupt = |cause: &dyn std::fmt::Display| Error::corrupt(format!("cannot read {name}: {cause}"));
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|cause| corrupt(&cause))?;
        let fields = builder.schema().fields();
        let kept = (0..fields.len()).filter(|index| !cut.skip_own || !is_own(fields[*index].name()));
        let mask = ProjectionMask::roots(builder.parquet_schema(), kept);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let builder = builder.with_projection(mask).with_offset(skip).with_batch_size(cut.size);
        let reader = builder.build().map_err(|cause| corrupt(&cause))?;
        Ok(Self::Arrow { reader: Box::new(reader), name })
    }

    fn json(file: File, codec: Option<Codec>, name: String, skip: u64, cut: Cut) -> Result<Self> {
        let mut lines: Box<dyn BufRead> = match codec {
            None => Box::new(BufReader::new(file)),
            Some(Codec::Gz) => Box::new(BufReader::new(MultiGzDecoder::new(file))),
            Some(other @ Codec::Zst) => {
                return Err(Error::invalid(format!(
                    "{name} is compressed with {other}, which cannot be read"
                )));
            }
        };
        let mut line = Vec::new();
        for _ in 0..skip {
            line.clear();
            read_line(&mut lines, &mut line, &name)?;
        }
        Ok(Self::Json { lines, name, cut })
    }

    /// The next batch; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Owned>> {
        match self {
            Self::Arrow { reader, name } => {
                let batch = reader.next().transpose();
                let batch = batch.map_err(|cause| Error::corrupt(format!("cannot read {name}: {cause}")))?;
                Ok(batch.map(Owned::Arrow))
            }
            Self::Json { lines, name, cut } => {
                let mut rows = JsonRows::default();
                let mut line = Vec::new();
                while rows.count() < cut.size as u64 && read_line(lines, &mut line, name)? {
                    rows.push(&row(&line, cut.skip_own, name)?);
                    line.clear();
                }
                Ok((rows.count() > 0).then_some(Owned::Json(rows)))
            }
        }
    }
}

/// Reads one line without its end; false at the end of the file.
fn read_line(lines: &mut dyn BufRead, line: &mut Vec<u8>, name: &str) -> Result<bool> {
    let read = lines.read_until(b'\n', line);
    let read = read.map_err(|cause| Error::corrupt(format!("cannot read {name}: {cause}")))?;
    if line.last() == Some(&b'\n') {
        line.pop();
    }
    Ok(read > 0)
}

/// A line as it is handed over. Values stay as they are written, byte for byte.
fn row(line: &[u8], skip_own: bool, name: &str) -> Result<String> {
    let corrupt = |cause: &dyn std::fmt::Display| Error::corrupt(format!("bad row in {name}: {cause}"));
    let line = std::str::from_utf8(line).map_err(|cause| corrupt(&cause))?;
    if !skip_own {
        return Ok(line.to_owned());
    }
    let mut fields: IndexMap<String, &RawValue> =
        serde_json::from_str(line).map_err(|cause| corrupt(&cause))?;
    fields.retain(|field, _| !is_own(field));
    serde_json::to_string(&fields).map_err(|cause| corrupt(&cause))
}
