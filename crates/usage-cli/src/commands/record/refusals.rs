//! What was not taken: named on standard error, counted, and kept where the user wants it kept.

use std::sync::{Mutex, MutexGuard, PoisonError};

use usage_core::Record;
use usage_core::sink::Refusal;

use super::rejects::Rejects;
use crate::error::CliError;
use crate::hints::where_kept;
use crate::output;

/// A line of one of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) input: usize,
    pub(super) line: u64,
}

/// What was not taken.
pub(super) struct Refusals {
    /// The inputs' names.
    inputs: Vec<String>,
    rejects: Option<Rejects>,
    count: u64,
    failure: Option<CliError>,
}

/// Refusals come from the thread that reads and from the one that stores.
pub(super) type SharedRefusals = Mutex<Refusals>;

pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Refusals {
    pub(super) const fn new(inputs: Vec<String>, rejects: Option<Rejects>) -> Self {
        Self { inputs, rejects, count: 0, failure: None }
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// Why nothing more is read: what was refused could not be kept, or the input is of another form.
    pub(super) fn take_failure(&mut self) -> Option<CliError> {
        self.failure.take().or_else(|| self.rejects.as_mut()?.take_failure())
    }

    /// Whether nothing more is to be read.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some() || self.rejects.as_ref().is_some_and(Rejects::has_failed)
    }

    /// Says why nothing more is to be read.
    pub(super) fn fail(&mut self, error: CliError) {
        self.failure.get_or_insert(error);
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

    /// Names, counts and keeps a record that the ledger refused.
    pub(super) fn refuse_record(
        &mut self,
        place: Option<Place>,
        record: &Record,
        refusal: &Refusal,
    ) {
        let why = with_advice(record, refusal);
        match place {
            Some(place) => self.count_and_name(place, &why),
            None => {
                self.count += 1;
                output::note(&format!("a record was refused: {why}"));
            }
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.add_record(record);
        }
    }

    fn count_and_name(&mut self, place: Place, why: &str) {
        self.count += 1;
        output::note(&format!("{}: {why}", self.named(place)));
    }
}

/// Returns the reason, and where to look for what is kept.
fn with_advice(record: &Record, refusal: &Refusal) -> String {
    format!("{}{}", refusal.of(record), where_kept(refusal.reason))
}
