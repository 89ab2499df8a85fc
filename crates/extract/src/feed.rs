//! Pages of many producers in one deterministic order, made ahead by worker threads.
//!
//! Which page comes next depends only on the mode and on how many pages each producer has; the workers
//! only make sure that it is ready. A producer has one call in flight at most.

use std::any::Any;
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use cartage_runtime::Cancel;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use crate::producer::Producer;
use crate::settings::NextItemMode;
use crate::state_change::StateChange;
use crate::{Page, SourceError};

/// Pages of one producer that may wait to be taken.
const READY_PAGES: usize = 2;

/// How often a wait looks whether the user asked to stop.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// How many of these times a closed producer is waited for, to ask what it has read.
const PATIENCE: u32 = 20;

/// A page, or the end, with what it changes in the state.
type Made = Result<(Option<Page>, StateChange), SourceError>;

/// A producer on its way to a worker or back.
struct Call {
    slot: usize,
    producer: Box<dyn Producer>,
}

struct Answer {
    slot: usize,
    producer: Box<dyn Producer>,
    made: Made,
}

struct Slot {
    /// `None` while a worker has it.
    producer: Option<Box<dyn Producer>>,
    ready: VecDeque<Made>,
    /// Pages that may still be asked for.
    calls_left: u64,
    /// No more calls: the producer ended, failed, or was closed.
    ended: bool,
}

pub(crate) struct Feed {
    slots: Vec<Slot>,
    /// Slots that are not drained, in the order in which they take turns.
    turns: VecDeque<usize>,
    mode: NextItemMode,
    calls: Sender<Call>,
    answers: Receiver<Answer>,
    max_in_flight: usize,
    in_flight: usize,
    cancel: Cancel,
}

/// What comes next.
pub(crate) enum Fed {
    Page(usize, Page, StateChange),
    /// This producer has no more pages.
    Ended(usize, StateChange),
    Failed(usize, SourceError),
    Cancelled,
    /// All producers have ended.
    Done,
}

impl Feed {
    /// `producers` with the number of pages that may be asked of each.
    pub(crate) fn new(
        producers: Vec<(Box<dyn Producer>, u64)>,
        mode: NextItemMode,
        workers: usize,
        max_in_flight: usize,
        cancel: Cancel,
    ) -> Self {
        let (calls, inbox) = unbounded();
        let (outbox, answers) = unbounded();
        for _ in 0..workers.clamp(1, producers.len().max(1)) {
            let (inbox, outbox) = (inbox.clone(), outbox.clone());
            // Not joined: a producer may hang in a read of standard input when the run ends.
            thread::spawn(move || work(&inbox, &outbox));
        }
        let slot = |(producer, calls_left)| Slot {
            producer: Some(producer),
            ready: VecDeque::new(),
            calls_left,
            ended: false,
        };
        Self {
            turns: (0..producers.len()).collect(),
            slots: producers.into_iter().map(slot).collect(),
            mode,
            calls,
            answers,
            max_in_flight: max_in_flight.max(1),
            in_flight: 0,
            cancel,
        }
    }

    /// The next page of the order.
    pub(crate) fn next(&mut self) -> Fed {
        let Some(&turn) = self.turns.front() else { return Fed::Done };
        self.ask_ahead();
        loop {
            if self.cancel.is_cancelled() {
                return Fed::Cancelled;
            }
            if let Some(made) = self.slots[turn].ready.pop_front() {
                self.in_flight -= 1;
                return self.take(turn, made);
            }
            if self.slots[turn].ended
                || self.slots[turn].calls_left == 0 && self.slots[turn].producer.is_some()
            {
                return self.take(turn, Ok((None, StateChange::default())));
            }
            self.ask(turn);
            match self.answers.recv_timeout(CANCEL_POLL) {
                Ok(answer) => self.receive(answer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let gone = SourceError::Panicked("the worker thread is gone".to_owned());
                    return Fed::Failed(turn, gone);
                }
            }
            while let Ok(answer) = self.answers.try_recv() {
                self.receive(answer);
            }
        }
    }

    /// Takes no more pages of this producer, as when a limit is reached.
    pub(crate) fn close(&mut self, slot: usize) {
        self.slots[slot].ended = true;
        self.in_flight -= self.slots[slot].ready.len();
        self.slots[slot].ready.clear();
    }

    /// The producer of an ended slot; `None` if it was closed while a worker had it and does not come back
    /// soon.
    pub(crate) fn producer(&mut self, slot: usize) -> Option<&dyn Producer> {
        for _ in 0..PATIENCE {
            if self.slots[slot].producer.is_some() {
                break;
            }
            if let Ok(answer) = self.answers.recv_timeout(CANCEL_POLL) {
                self.receive(answer);
            }
        }
        self.slots[slot].producer.as_deref()
    }

    fn take(&mut self, turn: usize, made: Made) -> Fed {
        if self.mode == NextItemMode::RoundRobin || !matches!(made, Ok((Some(_), _))) {
            self.turns.pop_front();
        }
        match made {
            Ok((Some(page), change)) => {
                if self.mode == NextItemMode::RoundRobin {
                    self.turns.push_back(turn);
                }
                Fed::Page(turn, page, change)
            }
            Ok((None, change)) => Fed::Ended(turn, change),
            Err(error) => Fed::Failed(turn, error),
        }
    }

    /// Asks for pages that will be needed soon, as far as the limit of pages in flight allows.
    fn ask_ahead(&mut self) {
        for position in 0..self.turns.len().min(self.max_in_flight) {
            let slot = self.turns[position];
            if self.in_flight < self.max_in_flight && self.slots[slot].ready.len() < READY_PAGES {
                self.ask(slot);
            }
        }
    }

    fn ask(&mut self, slot: usize) {
        let entry = &mut self.slots[slot];
        if entry.ended || entry.calls_left == 0 {
            return;
        }
        if let Some(producer) = entry.producer.take() {
            entry.calls_left -= 1;
            self.in_flight += 1;
            let sent = self.calls.send(Call { slot, producer });
            debug_assert!(sent.is_ok(), "workers live as long as the feed");
        }
    }

    fn receive(&mut self, answer: Answer) {
        let slot = &mut self.slots[answer.slot];
        slot.producer = Some(answer.producer);
        if slot.ended {
            self.in_flight -= 1;
            return;
        }
        slot.ended = !matches!(answer.made, Ok((Some(_), _)));
        slot.ready.push_back(answer.made);
    }
}

fn work(inbox: &Receiver<Call>, outbox: &Sender<Answer>) {
    for Call { slot, mut producer } in inbox {
        let next = || producer.next_page().map(|page| (page, producer.take_state_change()));
        let made = catch_unwind(AssertUnwindSafe(next))
            .unwrap_or_else(|panic| Err(SourceError::Panicked(panic_text(panic.as_ref()))));
        if outbox.send(Answer { slot, producer, made }).is_err() {
            return;
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
