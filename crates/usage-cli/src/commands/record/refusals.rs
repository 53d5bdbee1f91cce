//! What was not taken: named on standard error, counted, and kept where the user wants it kept.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};

use usage_core::Record;
use usage_core::sink::Refusal;

use super::rejects::Rejects;
use crate::error::CliError;
use crate::output;

/// A line of one of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) input: usize,
    pub(super) line: u64,
}

/// What was not taken, and where the records came from whose fate is not known yet.
pub(super) struct Refusals {
    /// The inputs' names.
    inputs: Vec<String>,
    rejects: Option<Rejects>,
    count: u64,
    in_flight: VecDeque<(Place, u64)>,
    /// Refusals come in the order of the records: those before this one are settled.
    settled: usize,
    max_in_flight: usize,
}

impl Refusals {
    /// `max_in_flight` is how many records can be on their way to the ledger at most.
    pub(super) const fn new(
        inputs: Vec<String>,
        rejects: Option<Rejects>,
        max_in_flight: usize,
    ) -> Self {
        Self { inputs, rejects, count: 0, in_flight: VecDeque::new(), settled: 0, max_in_flight }
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Why what was refused could not be kept; nothing more is read then.
    pub(super) fn take_failure(&mut self) -> Option<CliError> {
        self.rejects.as_mut().and_then(Rejects::take_failure)
    }

    /// Where refused lines are kept, if they are.
    pub(super) const fn rejects(&mut self) -> Option<&mut Rejects> {
        self.rejects.as_mut()
    }

    /// As complaints name it: `file:line`.
    pub(super) fn named(&self, place: Place) -> String {
        format!("{}:{}", self.inputs[place.input], place.line)
    }

    /// Names, counts and keeps a line that is no record. `text` is the line, unless it was kept in
    /// parts already.
    pub(super) fn refuse(&mut self, place: Place, text: Option<&[u8]>, why: &str) {
        self.count_and_name(place, why);
        match (&mut self.rejects, text) {
            (None, _) => {}
            (Some(rejects), Some(text)) => rejects.add_line(text),
            (Some(rejects), None) => rejects.end_parts(),
        }
    }

    fn count_and_name(&mut self, place: Place, why: &str) {
        self.count += 1;
        output::note(&format!("{}: {why}", self.named(place)));
    }

    /// Names, counts and keeps a record that the ledger refused, of which the place is known.
    pub(super) fn refuse_record(&mut self, place: Place, record: &Record, why: &str) {
        self.count_and_name(place, why);
        if let Some(rejects) = &mut self.rejects {
            rejects.add_record(record);
        }
    }

    /// Names, counts and keeps a record that the ledger refused.
    pub(super) fn refused_by_ledger(&mut self, record: &Record, refusal: &Refusal) {
        let key = content_key(record);
        let mut unsettled = self.in_flight.iter().skip(self.settled);
        match unsettled.position(|(_, of)| *of == key) {
            Some(index) => {
                let index = self.settled + index;
                let place = self.in_flight[index].0;
                self.settled = index + 1;
                self.count_and_name(place, &with_advice(record, refusal));
            }
            None => {
                self.count += 1;
                output::note(&format!("a record was refused: {}", with_advice(record, refusal)));
            }
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.add_record(record);
        }
    }

    /// Remembers where a record came from that is on its way now.
    pub(super) fn submitted(&mut self, place: Place, key: u64) {
        if self.in_flight.len() >= self.max_in_flight {
            self.in_flight.pop_front();
            self.settled = self.settled.saturating_sub(1);
        }
        self.in_flight.push_back((place, key));
    }

    /// Forgets the last one again: it was not taken.
    pub(super) fn withdraw(&mut self) {
        self.in_flight.pop_back();
    }

    /// Where the first of the last `count` records came from.
    pub(super) fn first_of_last(&self, count: u64) -> Option<Place> {
        let from_end = usize::try_from(count).ok()?;
        let index = self.in_flight.len().checked_sub(from_end)?;
        self.in_flight.get(index).map(|(place, _)| *place)
    }
}

/// What tells a record from others: all that is in it, since the same id may come again with the
/// content that the ledger has. A chance collision would only name a wrong line.
pub(super) fn content_key(record: &Record) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.hash(&mut hasher);
    hasher.finish()
}

/// The reason, and where to look for what is kept.
fn with_advice(record: &Record, refusal: &Refusal) -> String {
    let reason = refusal.of(record);
    let advice = if refusal.reason.is_quarantined() { ", see `usage doctor`" } else { "" };
    format!("{reason}{advice}")
}
