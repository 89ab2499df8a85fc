//! The bytes of an object, in order: one request for a small one, ranges a few ahead for a large one.
//!
//! A connection that breaks in the middle is made again from the byte where it broke, under the condition that the
//! object is still the same.

use std::future::Future;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use cartage_object_storage::Refusal;
use futures_util::{StreamExt, stream};
use tokio::sync::mpsc::Sender;
use tokio::task::{JoinError, JoinHandle};

use super::failure::Failure;
use super::object::Object;

/// Bytes that are asked for at once.
pub(super) const RANGE: u64 = 8 << 20;

/// Ranges of one object that are asked for while an earlier one is worked on.
pub(super) const RANGES_AHEAD: usize = 3;

/// How often in a row a connection may break without a byte.
const FRUITLESS: u32 = 4;

/// What is handed on.
pub(super) type Chunk = Result<Bytes, Failure>;

/// Sends all bytes of an object to its reader; ends when that is gone.
pub(super) async fn send(object: Arc<Object>, to: Sender<Chunk>) {
    let size = object.size();
    if size <= RANGE {
        let _ = to.send(range(&object, 0..size).await).await;
        return;
    }
    let ranges = (0..size.div_ceil(RANGE)).map(|number| number * RANGE..((number + 1) * RANGE).min(size));
    let start = |wanted| Task::start(Arc::clone(&object), wanted);
    let mut parts = stream::iter(ranges).map(start).buffered(RANGES_AHEAD);
    let mut is_first = true;
    while let Some(part) = parts.next().await {
        let has_no_ranges = matches!(&part, Err(failure) if failure.refusal == Refusal::NotSupported);
        if is_first && has_no_ranges {
            drop(parts);
            return whole(&object, &to).await;
        }
        is_first = false;
        let is_end = part.is_err();
        if to.send(part).await.is_err() || is_end {
            return;
        }
    }
}

/// The bytes of a range, however often the connection breaks.
async fn range(object: &Object, wanted: Range<u64>) -> Chunk {
    let length = wanted.end - wanted.start;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default());
    let mut fruitless = 0;
    loop {
        let before = bytes.len();
        let at = wanted.start + before as u64;
        if before as u64 == length {
            return Ok(bytes.into());
        }
        let mut body = object.get(at, wanted.end).await?.into_stream();
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => bytes.extend_from_slice(&piece),
                Err(error) => {
                    let failure = Failure::of(&error, &object.secrets);
                    if failure.refusal == Refusal::Changed {
                        return Err(failure);
                    }
                    tracing::debug!(input = %object.url(), at = bytes.len(), %error, "the connection broke");
                    break;
                }
            }
        }
        if bytes.len() as u64 > length {
            return Err(Failure::changed());
        }
        fruitless = if bytes.len() == before { fruitless + 1 } else { 0 };
        if fruitless == FRUITLESS {
            return Err(Failure::ends_early(wanted.start + bytes.len() as u64, object.size()));
        }
        if fruitless > 0 {
            tokio::time::sleep(Duration::from_millis(100 << fruitless)).await;
        }
    }
}

/// The bytes of an object of a server that knows no ranges.
async fn whole(object: &Object, to: &Sender<Chunk>) {
    let mut body = match object.get(0, object.size()).await {
        Ok(result) => result.into_stream(),
        Err(failure) => return drop(to.send(Err(failure)).await),
    };
    let mut at = 0;
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Failure::no_ranges(at));
        at += piece.as_ref().map_or(0, |piece| piece.len() as u64);
        let is_end = piece.is_err();
        if to.send(piece).await.is_err() || is_end {
            return;
        }
    }
    if at != object.size() {
        let _ = to.send(Err(Failure::no_ranges(at))).await;
    }
}

/// A range on its way, which goes on while nobody waits for it. Dropping it ends it.
struct Task(JoinHandle<Chunk>);

impl Task {
    fn start(object: Arc<Object>, wanted: Range<u64>) -> Self {
        Self(tokio::spawn(async move { range(&object, wanted).await }))
    }
}

impl Future for Task {
    type Output = Chunk;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Chunk> {
        let ended = |done: Result<Chunk, JoinError>| done.unwrap_or_else(|_| Err(Failure::broken_off()));
        Pin::new(&mut self.0).poll(context).map(ended)
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
