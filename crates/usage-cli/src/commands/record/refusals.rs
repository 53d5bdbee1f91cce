//! The input that was not taken: named on standard error, counted, and kept where the user wants it kept.

use std::sync::{Mutex, MutexGuard, PoisonError};

use usage_core::Record;
use usage_core::record::UnknownFields;
use usage_core::record::line::LineError;
use usage_core::sink::Refusal;

use super::rejects::Rejects;
use crate::complaints::Complaints;
use crate::error::CliError;
use crate::hints::where_kept;

/// A line of one of the inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) input: usize,
    pub(super) line: u64,
}

/// The input that was not taken: lines, and fields of lines that were.
pub(super) struct Refusals {
    /// The inputs' names.
    inputs: Vec<String>,
    rejects: Option<Rejects>,
    count: u64,
    ignored: UnknownFields,
    has_listed_fields: bool,
    complaints: Complaints,
    failure: Option<CliError>,
}

/// Refusals come from the thread that reads and from the one that stores.
pub(super) type SharedRefusals = Mutex<Refusals>;

pub(super) fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Refusals {
    pub(super) fn new(inputs: Vec<String>, rejects: Option<Rejects>) -> Self {
        Self {
            inputs,
            rejects,
            count: 0,
            ignored: UnknownFields::new(),
            has_listed_fields: false,
            complaints: Complaints::default(),
            failure: None,
        }
    }

    pub(super) const fn count(&self) -> u64 {
        self.count
    }

    /// The fields that were passed over, as no record has them.
    pub(super) const fn ignored(&mut self) -> &mut UnknownFields {
        &mut self.ignored
    }

    /// Why nothing more is read: what was refused could not be kept, or the input is of another form.
    pub(super) fn take_failure(&mut self) -> Option<CliError> {
        self.failure.take().or_else(|| self.rejects.as_mut()?.take_failure())
    }

    /// Returns whether nothing more is to be read.
    pub(super) fn has_failed(&self) -> bool {
        self.failure.is_some() || self.rejects.as_ref().is_some_and(Rejects::has_failed)
    }

    /// Says why nothing more is to be read.
    pub(super) fn fail(&mut self, error: CliError) {
        self.failure.get_or_insert(error);
    }

    /// Returns the file of refused lines, if they are kept.
    pub(super) const fn rejects(&mut self) -> Option<&mut Rejects> {
        self.rejects.as_mut()
    }

    /// As complaints name it: `file:line`.
    pub(super) fn named(&self, place: Place) -> String {
        format!("{}:{}", self.inputs[place.input], place.line)
    }

    /// Says why a line is no record. Which fields there are is said once: a log may have one of its own in each line.
    pub(super) fn why(&mut self, error: &LineError) -> String {
        match error {
            LineError::UnknownField { .. } if self.has_listed_fields => {
                let why = error.to_string();
                // All fields are listed once; what was meant by this one is said each time.
                let listed = why.find("; the fields of records are");
                listed.map_or_else(|| why.clone(), |at| why[..at].to_owned())
            }
            LineError::UnknownField { .. } => {
                self.has_listed_fields = true;
                format!("{error}; --ignore-unknown takes lines with others")
            }
            _ => error.to_string(),
        }
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
                self.complaints.print("a record was refused", &why);
            }
        }
        if let Some(rejects) = &mut self.rejects {
            rejects.add_record(record);
        }
    }

    fn count_and_name(&mut self, place: Place, why: &str) {
        self.count += 1;
        let place = self.named(place);
        self.complaints.print(&place, why);
    }

    /// Says how many there were of what was not named line by line.
    pub(super) fn sum_up(&mut self) {
        self.complaints.sum_up();
    }
}

/// Returns the reason, and where to look for what is kept.
fn with_advice(record: &Record, refusal: &Refusal) -> String {
    format!("{}{}", refusal.of(record), where_kept(refusal.reason))
}
