//! What is told of a log while it is read: records, and what is none.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use usage_core::record::Tellings;
use usage_core::{Context, EventId, LabelInterner, LabelNames, Labels, Record, Usage};

use super::progress::Progress;
use super::project::ProjectName;
use super::skipped::{SkipReason, Skipped};

/// So many records are handed over at a time.
const AT_ONCE: usize = 2_000;

/// So many malformed lines of a file are named; all are counted.
const MOST_NOTES: usize = 20;

/// So many label sets, and sessions, are remembered.
const NAMES: usize = 4_096;

/// A part of a log that was read.
#[derive(Debug, Default)]
pub(super) struct Step {
    /// Which of the files it is of.
    pub(super) file: usize,
    /// Where the log goes on.
    pub(super) progress: Progress,
    /// Says whether nothing more of the file is read for now, and whether that is as reading failed.
    pub(super) is_end: bool,
    pub(super) has_failed: bool,
    pub(super) records: Vec<Record>,
    /// Lines that are no records though they should be, and what was wrong with the first of them.
    pub(super) refused: u64,
    pub(super) notes: Vec<String>,
    pub(super) skipped: Skipped,
}

/// Collects what a log tells, and hands it over bit by bit, so that any log takes little memory.
pub struct Told<'a> {
    file: &'a Path,
    /// The names that were made before, of all logs.
    made: &'a mut Made,
    hand_over: &'a mut dyn FnMut(Step) -> ControlFlow<()>,
    step: Step,
    /// The places of events among the records.
    known: HashMap<EventId, usize>,
    noted: usize,
    is_over: bool,
    /// Says whether what is malformed may only not be there as a whole yet.
    is_doubtful: bool,
}

/// Names that logs have in common, made once.
pub(super) struct Made {
    labels: LabelInterner,
    sessions: HashMap<String, Context>,
    project: ProjectName,
}

impl Made {
    pub(super) fn new(project: ProjectName) -> Self {
        Self { labels: LabelInterner::new(NAMES), sessions: HashMap::new(), project }
    }
}

impl<'a> Told<'a> {
    pub(super) fn new(
        file: &'a Path,
        made: &'a mut Made,
        hand_over: &'a mut dyn FnMut(Step) -> ControlFlow<()>,
    ) -> Self {
        let (step, known) = (Step::default(), HashMap::new());
        let (is_over, is_doubtful) = (false, false);
        Self { file, made, hand_over, step, known, noted: 0, is_over, is_doubtful }
    }

    /// Returns the log's path.
    #[must_use]
    pub const fn file(&self) -> &'a Path {
        self.file
    }

    /// Returns how folders become projects.
    #[must_use]
    pub const fn project(&self) -> ProjectName {
        self.made.project
    }

    /// Tells a request: with names, the id of its session, which may be empty, and what it used. `None` where a
    /// record cannot be: then that is told as [malformed](Self::malformed).
    pub fn request(
        &mut self,
        line: u64,
        names: LabelNames<'_>,
        session: &str,
        usage: Usage,
        ids: (EventId, Option<EventId>),
    ) {
        match self.record_of(names, session, usage) {
            Ok(record) => {
                let record = record.with_event_id(ids.0);
                self.record(match ids.1 {
                    Some(alias) => record.with_alias_id(alias),
                    None => record,
                });
            }
            Err(why) => self.malformed(line, why),
        }
    }

    fn record_of(
        &mut self,
        names: LabelNames<'_>,
        session: &str,
        usage: Usage,
    ) -> Result<Record, usage_core::RecordError> {
        let labels: Labels = self.made.labels.intern(names)?;
        let context = match self.made.sessions.get(session) {
            Some(context) => context.clone(),
            None => {
                let context = Context::new(session, [])?;
                if self.made.sessions.len() >= NAMES {
                    self.made.sessions.clear();
                }
                self.made.sessions.insert(session.to_owned(), context.clone());
                context
            }
        };
        Ok(Record::new(labels, usage)?.with_context(context))
    }

    /// Tells a record. What tells no more of an event than what was told just before is left out.
    pub fn record(&mut self, record: Record) {
        let Some(id) = record.event_id() else { return self.step.records.push(record) };
        if let Some(&at) = self.known.get(id) {
            let before = &mut self.step.records[at];
            if *before == record {
                return;
            }
            let mut told = Tellings::of(before.clone());
            if told.conflict(&record).is_none() {
                told.tell(record.clone());
                if told.kept().count() == 1 {
                    *before = told.joined();
                    return;
                }
            }
        }
        self.known.insert(id.clone(), self.step.records.len());
        self.step.records.push(record);
    }

    /// Tells that a line should be a record, and is none; line 0 is the log as a whole. It is counted, and the first ones
    /// are named.
    pub fn malformed(&mut self, line: u64, why: impl std::fmt::Display) {
        if self.is_doubtful {
            return;
        }
        self.step.refused += 1;
        self.noted += 1;
        if self.noted <= MOST_NOTES {
            let line = if line == 0 { String::new() } else { format!(":{line}") };
            self.step.notes.push(format!("{}{line}: {why}", self.file.display()));
        }
    }

    /// Tells what can be told of a part of the log that may not be there as a whole yet.
    pub fn doubtfully(&mut self, tell: impl FnOnce(&mut Self)) {
        self.is_doubtful = true;
        tell(self);
        self.is_doubtful = false;
    }

    /// Tells that a part of the log, or all of it, is not read.
    pub fn skip(&mut self, reason: SkipReason) {
        self.step.skipped.add(reason, || self.file.display().to_string());
    }

    /// Returns whether enough is told to hand it over.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.step.records.len() >= AT_ONCE
    }

    /// Returns whether nobody wants to hear more.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.is_over
    }

    /// Hands over what was told: the log goes on at `progress` when that is stored.
    pub fn hand_over(&mut self, progress: &Progress) {
        self.give(progress, false);
    }

    /// Tells that reading failed.
    pub(super) fn fail(&mut self, reason: SkipReason) {
        self.step.has_failed = true;
        self.skip(reason);
    }

    pub(super) fn give(&mut self, progress: &Progress, is_end: bool) {
        self.known.clear();
        let step = std::mem::take(&mut self.step);
        let step = Step { progress: progress.clone(), is_end, ..step };
        if !self.is_over && (self.hand_over)(step).is_break() {
            self.is_over = true;
        }
    }
}
