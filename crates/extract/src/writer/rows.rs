//! The JSON rows of one table: cutting them into blocks and files.

use cartage_data_files::blocks::BLOCK_BYTES;
use cartage_source_api::{JsonPage, PageOrigin};
use memchr::memchr_iter;

use super::files::{FileKey, PackageFiles};
use super::origins::Origins;
use super::settings::WriterSettings;
use crate::ExtractError;

/// Where one table's rows go.
#[derive(Debug)]
pub(super) struct RowsWriter {
    table: String,
    file: Option<OpenFile>,
    /// Rows that do not make a block yet.
    block: Vec<u8>,
    block_rows: u64,
}

#[derive(Debug)]
struct OpenFile {
    key: FileKey,
    rows: u64,
    bytes: u64,
    origins: Origins,
}

impl RowsWriter {
    pub(super) fn new(table: &str) -> Self {
        Self { table: table.to_owned(), file: None, block: Vec::new(), block_rows: 0 }
    }

    pub(super) fn buffered(&self) -> usize {
        self.block.len()
    }

    /// Appends the rows of a page.
    pub(super) fn write(
        &mut self,
        files: &mut PackageFiles<'_>,
        settings: WriterSettings,
        page: &JsonPage,
    ) -> Result<(), ExtractError> {
        let mut origins = OriginCursor { left: page.origins(), used: 0 };
        let mut text = page.text();
        let mut rows = page.rows();
        while rows > 0 {
            let mut file = self.take_file(files, settings)?;
            let room = Capacity {
                bytes: (BLOCK_BYTES - self.block.len()).min((settings.file_max_bytes - file.bytes) as usize),
                rows: settings.file_max_items - file.rows,
            };
            let (size, count) = room.fitting(text, rows);
            self.block.extend_from_slice(&text[..size]);
            self.block_rows += count;
            file.rows += count;
            file.bytes += size as u64;
            origins.take(count, &mut file.origins);
            text = &text[size..];
            rows -= count;
            let is_full = file.rows >= settings.file_max_items || file.bytes >= settings.file_max_bytes;
            if is_full || self.block.len() >= BLOCK_BYTES {
                self.flush(files, &file)?;
            }
            if is_full {
                files.close(file.key, file.origins.finish());
            } else {
                self.file = Some(file);
            }
        }
        Ok(())
    }

    /// Ends the current block although it is not full, so that its memory is free.
    pub(super) fn end_block(&mut self, files: &mut PackageFiles<'_>) -> Result<(), ExtractError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        self.flush(files, &file)?;
        self.file = Some(file);
        Ok(())
    }

    /// Writes what is left and closes the file.
    pub(super) fn finish(&mut self, files: &mut PackageFiles<'_>) -> Result<(), ExtractError> {
        let Some(file) = self.file.take() else { return Ok(()) };
        self.flush(files, &file)?;
        files.close(file.key, file.origins.finish());
        Ok(())
    }

    fn take_file(
        &mut self,
        files: &mut PackageFiles<'_>,
        settings: WriterSettings,
    ) -> Result<OpenFile, ExtractError> {
        match self.file.take() {
            Some(file) => Ok(file),
            None => Ok(OpenFile {
                key: files.begin_rows(&self.table, settings.disable_compression)?,
                rows: 0,
                bytes: 0,
                origins: Origins::default(),
            }),
        }
    }

    fn flush(&mut self, files: &mut PackageFiles<'_>, file: &OpenFile) -> Result<(), ExtractError> {
        if self.block_rows > 0 {
            let block = std::mem::take(&mut self.block);
            self.block = files.append(file.key, block, self.block_rows)?;
            self.block_rows = 0;
        }
        Ok(())
    }
}

/// What fits before a block or a file is full.
struct Capacity {
    bytes: usize,
    rows: u64,
}

impl Capacity {
    /// Bytes and rows of `text` (which has `rows` rows) up to and with the row that fills the room.
    fn fitting(&self, text: &[u8], rows: u64) -> (usize, u64) {
        if text.len() <= self.bytes && rows <= self.rows {
            return (text.len(), rows);
        }
        let mut count = 0;
        for end in memchr_iter(b'\n', text) {
            count += 1;
            if end + 1 >= self.bytes || count >= self.rows {
                return (end + 1, count);
            }
        }
        (text.len(), rows)
    }
}

/// Goes through the origins of a page as its rows are taken.
struct OriginCursor<'a> {
    left: &'a [PageOrigin],
    used: u64,
}

impl OriginCursor<'_> {
    fn take(&mut self, mut rows: u64, into: &mut Origins) {
        while rows > 0 {
            let Some(origin) = self.left.first() else { return into.push(None, rows) };
            let count = rows.min(origin.rows - self.used);
            let part = PageOrigin { first_line: origin.first_line + self.used, ..origin.clone() };
            into.push(Some(&part), count);
            self.used += count;
            rows -= count;
            if self.used == origin.rows {
                self.left = &self.left[1..];
                self.used = 0;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_that_fills_the_room_is_the_last_one() {
        let text = b"aa\nbb\ncc\n";
        let fitting = |bytes, rows| Capacity { bytes, rows }.fitting(text, 3);
        assert_eq!(fitting(100, 100), (9, 3));
        assert_eq!(fitting(9, 3), (9, 3));
        assert_eq!(fitting(4, 100), (6, 2));
        assert_eq!(fitting(3, 100), (3, 1));
        assert_eq!(fitting(1, 100), (3, 1));
        assert_eq!(fitting(100, 2), (6, 2));
    }
}
