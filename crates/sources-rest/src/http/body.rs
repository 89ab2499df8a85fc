//! Bodies of answers: small ones whole, large ones as they come.

use std::io::{self, Read};

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::sync::mpsc::{Receiver, channel};

/// Pieces of a body that may wait for their reader.
const WAITING_PIECES: usize = 16;

/// What an answer carries.
#[derive(Debug)]
pub(crate) enum Payload {
    Whole(Bytes),
    /// More than was to be kept in memory.
    Streamed(Box<StreamedBody>),
}

/// A body of which only the begin has been read.
#[derive(Debug)]
pub(crate) struct StreamedBody {
    start: Bytes,
    response: Response,
    left: u64,
}

/// A body cannot be read on.
#[derive(Debug)]
pub(super) enum BodyError {
    Transport(reqwest::Error),
    TooLarge,
}

/// Reads a body; stops when more than `keep` bytes have come, and refuses more than `limit`.
pub(super) async fn read(mut response: Response, keep: usize, limit: u64) -> Result<Payload, BodyError> {
    let mut start = BytesMut::new();
    while let Some(piece) = response.chunk().await.map_err(BodyError::Transport)? {
        start.extend_from_slice(&piece);
        if start.len() as u64 > limit {
            return Err(BodyError::TooLarge);
        }
        if start.len() > keep {
            let left = limit - start.len() as u64;
            return Ok(Payload::Streamed(Box::new(StreamedBody { start: start.freeze(), response, left })));
        }
    }
    Ok(Payload::Whole(start.freeze()))
}

/// The begin of a body as text, for messages.
pub(super) async fn read_text(mut response: Response, most: usize) -> String {
    let mut start = BytesMut::new();
    while start.len() < most
        && let Ok(Some(piece)) = response.chunk().await
    {
        start.extend_from_slice(&piece);
    }
    String::from_utf8_lossy(&start).into_owned()
}

impl StreamedBody {
    /// The bytes that have come so far.
    pub(crate) fn start(&self) -> &[u8] {
        &self.start
    }

    /// A reader for a thread that may block. The body is read from the network by a task of its own.
    pub(crate) fn into_reader(self) -> BodyReader {
        let Self { start, mut response, mut left } = self;
        let (sender, pieces) = channel(WAITING_PIECES);
        tokio::spawn(async move {
            loop {
                let piece = match response.chunk().await {
                    Ok(Some(piece)) if piece.len() as u64 > left => Err(io::Error::new(
                        io::ErrorKind::FileTooLarge,
                        "the answer is larger than `client.session.max_response_bytes`",
                    )),
                    Ok(Some(piece)) => {
                        left -= piece.len() as u64;
                        Ok(piece)
                    }
                    Ok(None) => return,
                    Err(error) => Err(io::Error::other(error)),
                };
                let is_last = piece.is_err();
                if sender.send(piece).await.is_err() || is_last {
                    return;
                }
            }
        });
        BodyReader { current: start, pieces }
    }
}

/// Reads a body that comes from a task.
#[derive(Debug)]
pub(crate) struct BodyReader {
    current: Bytes,
    pieces: Receiver<io::Result<Bytes>>,
}

impl Read for BodyReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.current = piece?,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        buffer[..count].copy_from_slice(&self.current.split_to(count));
        Ok(count)
    }
}
