//! Events of a response, one after the other, and what they add up to.

use crate::dialect;
use crate::facts::{Event, Facts};
use crate::hints::Hints;
use crate::json::{Progress, ROOT, Scanner};
use crate::part::{End, Part, Reading};

/// Responses within one body that are told apart; those beyond are added to the last.
const MOST_RESPONSES: usize = 16;

/// The event that is being read, and what the ones before it said.
#[derive(Clone, Debug)]
pub(super) struct Events {
    pub(super) hints: Hints,
    scanner: Scanner,
    event: Event,
    facts: Facts,
    /// Parts of responses that had ended when another one began in the same body.
    finished: Vec<Part>,
    pub(super) malformed: u64,
}

impl Events {
    pub(super) fn new(hints: Hints) -> Self {
        Self {
            hints,
            scanner: Scanner::new(&ROOT),
            event: Event::default(),
            facts: Facts::default(),
            finished: Vec::new(),
            malformed: 0,
        }
    }

    /// Reads on in the current event, and returns what lies behind its end.
    pub(super) fn feed<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let taken = self.scanner.feed(bytes, &mut self.event);
        bytes.get(taken..).unwrap_or_default()
    }

    pub(super) const fn progress(&self) -> Progress {
        self.scanner.progress()
    }

    /// Ends the current event: takes over what it says where it could be read.
    pub(super) fn end(&mut self) {
        match self.scanner.progress() {
            Progress::Done => self.take_over(),
            Progress::Open | Progress::Failed => self.malformed += 1,
        }
        self.discard();
    }

    /// Takes over what was read of an event that was cut off.
    pub(super) fn salvage(&mut self) {
        self.take_over();
        self.facts.last = false;
        self.discard();
    }

    /// Forgets the current event.
    pub(super) fn discard(&mut self) {
        self.scanner.restart(&ROOT);
        self.event.clear();
    }

    /// Notes an error that the framing told of.
    pub(super) const fn error(&mut self) {
        self.facts.error = true;
    }

    fn take_over(&mut self) {
        if self.facts.is_over_before(&self.event) {
            let facts = std::mem::take(&mut self.facts);
            self.keep(dialect::parts(&facts, &self.hints, End::Complete, true));
        }
        self.facts.merge(&mut self.event);
    }

    fn keep(&mut self, parts: Vec<Part>) {
        for part in parts {
            let full = self.finished.len() >= MOST_RESPONSES;
            match self.finished.last_mut() {
                Some(last) if full => {
                    last.counts.add(&part.counts);
                    last.inconsistent = true;
                }
                _ => self.finished.push(part),
            }
        }
    }

    /// Says what all events said.
    pub(super) fn finish(mut self, end: End, complete: bool) -> Reading {
        let facts = &self.facts;
        let seen = facts.usage || facts.error || facts.dialect.is_some();
        if seen || self.finished.is_empty() && self.hints.dialect.is_some() {
            self.finished.extend(dialect::parts(facts, &self.hints, end, complete));
        }
        Reading { parts: self.finished, malformed: self.malformed }
    }
}
