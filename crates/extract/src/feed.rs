//! Pages of many producers in one deterministic order, made ahead by worker threads.
//!
//! Which page comes next depends only on the mode and on how many pages each producer has; the workers
//! only make sure that it is ready. A producer has one call in flight at most.
//!
//! A producer with a parent is asked only while it works on a page of its parent, and the parent gives its
//! next page only when all of its children are done with the last one: so nothing piles up.

use std::collections::VecDeque;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use cartage_runtime::threads::{NoThread, start, start_several};
use cartage_runtime::{CancelToken, contain};
use cartage_source_api::{Page, Producer, Route, SourceError, StateChange};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use cartage_runtime::NextItemMode;

/// Pages of one producer that may wait to be taken.
const READY_PAGES: usize = 2;

/// How often a wait looks whether the user asked to stop.
const CANCEL_POLL: Duration = Duration::from_millis(50);

/// How many of these times a closed producer is waited for, to ask what it has read.
const PATIENCE: u32 = 20;

/// A page, or the end, with its effects.
type Made = Result<(Option<Page>, PageEffects), SourceError>;

/// What a page does besides bringing rows.
#[derive(Debug, Default)]
pub(crate) struct PageEffects {
    /// What the page changes in the state.
    pub(crate) change: StateChange,
    /// Where it goes, if not to the table of its resource.
    pub(crate) route: Option<Arc<Route>>,
}

/// A producer on its way to a worker or back.
struct Call {
    slot: usize,
    producer: Box<dyn Producer>,
    /// A page of the parent to take first.
    input: Option<Arc<Page>>,
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
    /// The end was told.
    is_gone: bool,
    parent: Option<usize>,
    children: Vec<usize>,
    /// A page of the parent that the producer has not seen.
    input: Option<Arc<Page>>,
    work: Work,
    /// How many producers with a limit on how many work at once come before it, if it is one of them.
    place: Option<(usize, NonZeroUsize)>,
}

impl Slot {
    /// No more pages are taken.
    fn end(&mut self) {
        self.ended = true;
        if let Some(producer) = &mut self.producer {
            producer.close();
        }
    }
}

/// What a producer with a parent is doing.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// It waits for a page of its parent, or has no parent.
    Waiting,
    /// A page of the parent was handed down.
    Busy,
    /// All that this page gives was made, and has not been taken to its end.
    Drained,
}

/// A producer on its way into the feed.
pub(crate) struct QueuedProducer {
    pub(crate) producer: Box<dyn Producer>,
    /// Pages that may be asked of it.
    pub(crate) pages: u64,
    /// The position of the producer whose pages it works on.
    pub(crate) parent: Option<usize>,
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
    /// How many producers with a limit on how many work at once have ended.
    places_left: usize,
    cancel: CancelToken,
}

/// What comes next.
pub(crate) enum FeedEvent {
    Page(usize, Page, PageEffects),
    /// All that work on pages of others are done with those that were handed down so far.
    HandedDown,
    /// This producer has no more pages.
    Ended(usize, StateChange),
    Failed(usize, SourceError),
    Cancelled,
    /// All producers have ended.
    Done,
}

impl Feed {
    /// Takes producers, parents before their children.
    ///
    /// # Errors
    /// The system starts not one worker.
    pub(crate) fn new(
        producers: Vec<QueuedProducer>,
        mode: NextItemMode,
        workers: usize,
        max_in_flight: usize,
        cancel: CancelToken,
    ) -> Result<Self, NoThread> {
        let (calls, inbox) = unbounded();
        let (outbox, answers) = unbounded();
        // Not joined: a producer may hang in a read of standard input when the run ends.
        start_several(workers.clamp(1, producers.len().max(1)), "extract", |name| {
            let (inbox, outbox) = (inbox.clone(), outbox.clone());
            start(name, move || work(&inbox, &outbox))
        })?;
        let parents: Vec<Option<usize>> = producers.iter().map(|queued| queued.parent).collect();
        let mut limited = 0..;
        let places: Vec<Option<(usize, NonZeroUsize)>> = producers
            .iter()
            .map(|queued| queued.producer.most_at_once().and_then(|most| Some((limited.next()?, most))))
            .collect();
        let slot = |(at, QueuedProducer { producer, pages, parent }): (usize, QueuedProducer)| Slot {
            producer: Some(producer),
            ready: VecDeque::new(),
            calls_left: pages,
            ended: false,
            is_gone: false,
            place: places[at],
            parent,
            children: (0..parents.len()).filter(|child| parents[*child] == Some(at)).collect(),
            input: None,
            work: Work::Waiting,
        };
        Ok(Self {
            turns: (0..producers.len()).collect(),
            slots: producers.into_iter().enumerate().map(slot).collect(),
            mode,
            calls,
            answers,
            max_in_flight: max_in_flight.max(1),
            in_flight: 0,
            places_left: 0,
            cancel,
        })
    }

    /// The next page of the order.
    pub(crate) fn next(&mut self) -> FeedEvent {
        loop {
            // Something can always go on: of all that are busy the one that is furthest down, else a root.
            let Some(position) = self.turns.iter().position(|slot| self.may_go_on(*slot)) else {
                return FeedEvent::Done;
            };
            self.ask_ahead();
            match self.wait_for(self.turns[position]) {
                Some(Ok(made)) => {
                    if let Some(fed) = self.take(position, made) {
                        return fed;
                    }
                }
                Some(Err(fed)) => return fed,
                None => {
                    self.hang_up();
                    return FeedEvent::Cancelled;
                }
            }
        }
    }

    /// Gives producers with a limit on how many work at once, such as connections and programs, time to end what they
    /// started elsewhere: a server would otherwise keep working. They watch the cancellation themselves.
    fn hang_up(&mut self) {
        for _ in 0..PATIENCE {
            if self.slots.iter().all(|slot| slot.place.is_none() || slot.producer.is_some()) {
                break;
            }
            if let Ok(answer) = self.answers.recv_timeout(CANCEL_POLL) {
                self.receive(answer);
            }
        }
        let limited = self.slots.iter_mut().filter(|slot| slot.place.is_some());
        limited.filter_map(|slot| slot.producer.as_mut()).for_each(|producer| producer.close());
    }

    /// Whether it is known what this slot does next, without anybody else going first.
    fn may_go_on(&self, slot: usize) -> bool {
        let entry = &self.slots[slot];
        let is_due = entry.ended
            || entry.work != Work::Waiting
            || entry.parent.is_none_or(|parent| self.slots[parent].is_gone);
        is_due
            && self.is_admitted(slot)
            && !entry.children.iter().any(|child| self.slots[*child].work != Work::Waiting)
    }

    /// Whether enough of those before it have ended.
    fn is_admitted(&self, slot: usize) -> bool {
        self.slots[slot].place.is_none_or(|(before, most)| before < self.places_left + most.get())
    }

    /// What the producer of a slot gives next. `None` if the user asks to stop.
    fn wait_for(&mut self, turn: usize) -> Option<Result<Made, FeedEvent>> {
        loop {
            if self.cancel.is_cancelled() {
                return None;
            }
            let slot = &mut self.slots[turn];
            if let Some(made) = slot.ready.pop_front() {
                self.in_flight -= 1;
                return Some(Ok(made));
            }
            let is_idle = slot.parent.is_some() && slot.work == Work::Waiting;
            if slot.ended || is_idle || slot.calls_left == 0 && slot.producer.is_some() {
                slot.end();
                return Some(Ok(Ok((None, PageEffects::default()))));
            }
            self.ask(turn);
            match self.answers.recv_timeout(CANCEL_POLL) {
                Ok(answer) => self.receive(answer),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let gone = SourceError::Panicked("the worker thread is gone".to_owned());
                    return Some(Err(FeedEvent::Failed(turn, gone)));
                }
            }
            while let Ok(answer) = self.answers.try_recv() {
                self.receive(answer);
            }
        }
    }

    /// Takes no more pages of this producer, as when a limit is reached.
    pub(crate) fn close(&mut self, slot: usize) {
        let entry = &mut self.slots[slot];
        entry.end();
        entry.work = Work::Waiting;
        entry.input = None;
        self.in_flight -= entry.ready.len();
        entry.ready.clear();
    }

    /// Whether others work on the pages of this producer.
    pub(crate) fn has_children(&self, slot: usize) -> bool {
        !self.slots[slot].children.is_empty()
    }

    /// Whether rows of a page that was taken are still being worked on by the children of its producer.
    pub(crate) fn is_handing_down(&self) -> bool {
        self.slots.iter().any(|slot| slot.work != Work::Waiting)
    }

    /// Hands a page that was taken to the children of its producer.
    pub(crate) fn hand_down(&mut self, slot: usize, page: Page) {
        let page = Arc::new(page);
        for position in 0..self.slots[slot].children.len() {
            let child = self.slots[slot].children[position];
            let entry = &mut self.slots[child];
            if !entry.ended {
                entry.input = Some(Arc::clone(&page));
                entry.work = Work::Busy;
            }
        }
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

    /// Passes on what the slot at this position of the order gave. `None` if it only waits for its parent.
    fn take(&mut self, position: usize, made: Made) -> Option<FeedEvent> {
        let turn = self.turns[position];
        if self.mode == NextItemMode::RoundRobin {
            // Those before it wait for others: their turns pass.
            self.turns.rotate_left(position + 1);
        }
        let slot = &mut self.slots[turn];
        let fed = match made {
            Ok((Some(page), along)) => return Some(FeedEvent::Page(turn, page, along)),
            Ok((None, _)) if !slot.ended => {
                slot.work = Work::Waiting;
                return (!self.is_handing_down()).then_some(FeedEvent::HandedDown);
            }
            Ok((None, along)) => FeedEvent::Ended(turn, along.change),
            Err(error) => FeedEvent::Failed(turn, error),
        };
        slot.work = Work::Waiting;
        slot.is_gone = true;
        self.places_left += usize::from(slot.place.is_some());
        self.turns.retain(|other| *other != turn);
        Some(fed)
    }

    /// Asks for pages that will be needed soon, as far as the limit of pages in flight allows.
    fn ask_ahead(&mut self) {
        let admitted = self.turns.iter().copied().filter(|slot| self.is_admitted(*slot));
        for slot in admitted.take(self.max_in_flight).collect::<Vec<_>>() {
            if self.in_flight < self.max_in_flight && self.slots[slot].ready.len() < READY_PAGES {
                self.ask(slot);
            }
        }
    }

    fn ask(&mut self, slot: usize) {
        let entry = &mut self.slots[slot];
        let waits_for_parent = entry.parent.is_some() && entry.work != Work::Busy;
        if entry.ended || entry.calls_left == 0 || waits_for_parent {
            return;
        }
        if let Some(producer) = entry.producer.take() {
            entry.calls_left -= 1;
            self.in_flight += 1;
            let sent = self.calls.send(Call { slot, producer, input: entry.input.take() });
            debug_assert!(sent.is_ok(), "workers live as long as the feed");
        }
    }

    fn receive(&mut self, answer: Answer) {
        let slot = &mut self.slots[answer.slot];
        slot.producer = Some(answer.producer);
        if slot.ended {
            slot.end();
            self.in_flight -= 1;
            return;
        }
        if matches!(answer.made, Ok((None, _))) && slot.work == Work::Busy {
            slot.work = Work::Drained;
        }
        let has_ended = match answer.made {
            Ok((Some(_), _)) => false,
            Ok((None, _)) => slot.parent.is_none(),
            Err(_) => true,
        };
        if has_ended {
            slot.end();
        }
        slot.ready.push_back(answer.made);
    }
}

fn work(inbox: &Receiver<Call>, outbox: &Sender<Answer>) {
    for Call { slot, mut producer, input } in inbox {
        let make = || {
            if let Some(page) = &input {
                producer.take_parent_page(page)?;
            }
            let page = producer.next_page()?;
            let along = PageEffects { route: producer.take_route(), change: producer.take_state_change() };
            Ok((page, along))
        };
        let made = caught(make);
        if outbox.send(Answer { slot, producer, made }).is_err() {
            return;
        }
    }
}

/// Makes an error of a panic of the producer's own code.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, SourceError>) -> Result<T, SourceError> {
    contain(work).unwrap_or_else(|panic| Err(SourceError::Panicked(panic.to_string())))
}
