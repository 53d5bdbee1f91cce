//! What was not taken: named on standard error, counted, and kept where the user wants it kept.

use std::collections::VecDeque;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::Path;

use usage_core::Record;
use usage_core::record::line;
use usage_core::sink::RefusalReason;

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
    kept: Option<(String, File)>,
    /// Why keeping failed; nothing more is read then.
    failure: Option<CliError>,
    count: u64,
    in_flight: VecDeque<(Place, u64)>,
    max_in_flight: usize,
}

impl Refusals {
    /// `max_in_flight` is how many records can be on their way to the ledger at most.
    pub(super) fn new(
        inputs: Vec<String>,
        rejects: Option<&Path>,
        max_in_flight: usize,
    ) -> Result<Self, CliError> {
        let kept = rejects
            .map(|path| {
                let name = path.display().to_string();
                let file = File::options().append(true).create(true).open(path);
                file.map(|file| (name, file)).map_err(|error| {
                    CliError::failed(format!("cannot write {}: {error}", path.display()))
                })
            })
            .transpose()?;
        let in_flight = VecDeque::new();
        Ok(Self { inputs, kept, failure: None, count: 0, in_flight, max_in_flight })
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    pub(super) const fn take_failure(&mut self) -> Option<CliError> {
        self.failure.take()
    }

    /// As complaints name it: `file:line`.
    pub(super) fn named(&self, place: Place) -> String {
        format!("{}:{}", self.inputs[place.input], place.line)
    }

    /// Names and counts a line that is no record. `text` is the line, unless it went to
    /// [`keep`](Self::keep) already.
    pub(super) fn refuse(&mut self, place: Place, text: Option<&[u8]>, why: &str) {
        self.count += 1;
        output::note(&format!("{}: {why}", self.named(place)));
        if let Some(text) = text {
            self.keep(text);
        }
        self.keep(b"\n");
    }

    /// Names and counts a record that the ledger refused.
    pub(super) fn refused_by_ledger(&mut self, record: &Record, reason: RefusalReason) {
        let key = event_key(record);
        // The ledger works in order, so the record is among the oldest on their way; but what is
        // settled is not taken out, so the newest with this event id is the one.
        let found = self.in_flight.iter().rev().find(|(_, of)| *of == key);
        match found.map(|(place, _)| *place) {
            Some(place) => {
                self.refuse(place, Some(line::write(record).as_bytes()), &reason.to_string());
            }
            None => {
                self.count += 1;
                output::note(&format!("a record was refused: {reason}"));
            }
        }
    }

    /// Remembers where a record came from that is on its way now.
    pub(super) fn submitted(&mut self, place: Place, key: u64) {
        if self.in_flight.len() >= self.max_in_flight {
            self.in_flight.pop_front();
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

    /// Adds bytes to the file of refused lines, if there is one.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        if let Some((name, file)) = &mut self.kept
            && let Err(error) = file.write_all(bytes)
        {
            let failure = CliError::failed(format!("cannot write {name}: {error}"));
            self.failure.get_or_insert(failure);
        }
    }
}

/// What tells a record's event id from others; 0 where it has none. A chance collision would only
/// name a wrong line.
pub(super) fn event_key(record: &Record) -> u64 {
    record.event_id().map_or(0, |event_id| {
        let mut hasher = DefaultHasher::new();
        (record.labels().names().instance_id, event_id).hash(&mut hasher);
        hasher.finish()
    })
}
