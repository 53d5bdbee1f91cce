//! `usage record --follow`: a log that grows, stored together with how far it is read.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use usage_core::format::format_count;
use usage_core::record::csv::Header;
use usage_core::record::line::{self, MAX_LINE_BYTES};
use usage_core::{LabelInterner, Record};
use usage_import::follow::{Entry, Follower, Look};
use usage_store::{Append, Appended, Source, SourceCounts, Store, StoreError};

use super::input::Input;
use super::refusals::{Place, Refusals};
use super::rejects::Rejects;
use super::{Args, INTERNED, is_csv};
use crate::context::Context;
use crate::error::{CliError, ErrorKind};
use crate::{amounts, exit_codes, output};

/// How often a log that has not grown is looked at again.
const POLL: Duration = Duration::from_millis(200);

/// How long a ledger that takes nothing is tried once the command is to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// One run.
struct Following<'a> {
    context: &'a Context,
    store: Store,
    source: String,
    follower: Follower,
    refusals: Refusals,
    labels: LabelInterner,
    /// What the ledger has of the log.
    stored: Option<Source>,
    /// What this run did.
    done: SourceCounts,
    interrupted: Arc<AtomicBool>,
    strict: bool,
}

pub(super) fn run(
    args: &Args,
    context: &Context,
    input: &Input,
    path: &Path,
    rejects: Option<Rejects>,
) -> Result<u8, CliError> {
    let absolute = std::path::absolute(path).map_err(|error| input.failed(&error))?;
    std::fs::File::open(path).map_err(|error| input.failed(&error))?;
    let store = context.open_or_create()?;
    context.recover(&store)?;
    let source = format!("file:{}", absolute.to_string_lossy());
    let stored = store.source(&source)?;
    let follower = Follower::new(path, stored.as_ref().map(|source| source.cursor.as_slice()));
    let interrupted = Arc::new(AtomicBool::new(false));
    let (flag, reader) = (Arc::clone(&interrupted), std::thread::current());
    ctrlc::set_handler(move || {
        flag.store(true, Ordering::Release);
        reader.unpark();
    })
    .map_err(|error| ErrorKind::SystemRefused.error(format!("cannot catch interrupts: {error}")))?;
    let mut following = Following {
        context,
        store,
        source,
        follower,
        refusals: Refusals::new(vec![input.name()], rejects, 0),
        labels: LabelInterner::new(INTERNED),
        stored,
        done: SourceCounts::default(),
        interrupted,
        strict: args.strict,
    };
    let ended = following.follow(input);
    following.finish(ended)
}

impl Following<'_> {
    fn follow(&mut self, input: &Input) -> Result<(), CliError> {
        while !self.interrupted.load(Ordering::Acquire) {
            let look = self.follower.look().map_err(|error| input.failed(&error))?;
            for gap in &look.gaps {
                output::note(&format!("{}: {gap}", input.name()));
            }
            if self.take(&look, input)? {
                break;
            }
            if look.is_last {
                std::thread::park_timeout(POLL);
            }
        }
        Ok(())
    }

    /// Takes what a look has found; whether that was the last.
    fn take(&mut self, look: &Look, input: &Input) -> Result<bool, CliError> {
        let (mut records, mut lines, mut entries) = (Vec::new(), Vec::new(), 0);
        let (before, mut ends) = (self.refusals.count(), false);
        for entry in &look.entries {
            entries += 1;
            match entry {
                Entry::Line { number, text, .. } => {
                    if let Some(record) = self.parse(*number, text, input)? {
                        lines.push(*number);
                        records.push(record);
                    }
                }
                Entry::Part(part) => {
                    if let Some(rejects) = self.refusals.rejects() {
                        rejects.add_part(part);
                    }
                }
                Entry::TooLong { number, .. } => {
                    let why = format!("the line is longer than {MAX_LINE_BYTES} bytes");
                    self.refusals.refuse(Place { input: 0, line: *number }, None, &why);
                }
                _ => {}
            }
            if let Some(failure) = self.refusals.take_failure() {
                return Err(failure);
            }
            if self.strict && self.refusals.count() > before {
                ends = true;
                break;
            }
        }
        let refused = self.refusals.count() - before;
        let stored = self.append(look, entries, &records, refused, &lines)?;
        self.follower.advance(look, entries);
        Ok(ends || stored)
    }

    fn parse(
        &mut self,
        number: u64,
        text: &[u8],
        input: &Input,
    ) -> Result<Option<Record>, CliError> {
        if text.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        match line::parse(text, self.context.now_timestamp(), &mut self.labels) {
            Ok(record) => Ok(Some(record)),
            Err(_) if number == 1 && Header::parse(text).is_ok() => Err(is_csv(input)),
            Err(error) => {
                let place = Place { input: 0, line: number };
                self.refusals.refuse(place, Some(text), &error.to_string());
                Ok(None)
            }
        }
    }

    /// Stores records, and how far the log is read; whether the ledger has refused one where that is to end
    /// it. Tries again for as long as the ledger takes nothing: the lines are in the log.
    fn append(
        &mut self,
        look: &Look,
        entries: usize,
        records: &[Record],
        refused: u64,
        lines: &[u64],
    ) -> Result<bool, CliError> {
        let cursor = self.follower.cursor(look, entries);
        if self.stored.as_ref().is_some_and(|source| source.cursor == cursor) {
            return Ok(false);
        }
        let mut counts = self.stored.as_ref().map(|source| source.counts).unwrap_or_default();
        counts.refused += refused;
        let append = Append {
            source: &self.source,
            from: self.stored.as_ref().map(|source| source.cursor.as_slice()),
            to: &cursor,
            counts,
            records,
            known: usage_store::Known::ByEventId,
        };
        let mut ending = None;
        let outcome = loop {
            match self.store.append(&append) {
                Ok(Appended::Stored(outcome, source)) => {
                    self.stored = Some(source);
                    break outcome;
                }
                Ok(_) => {
                    return Err(ErrorKind::NotStored
                        .error("another program follows the same file into this ledger"));
                }
                Err(error) if error.sink_error_kind().is_transient() => {
                    if self.interrupted.load(Ordering::Acquire)
                        && ending.get_or_insert_with(Instant::now).elapsed() >= PATIENCE
                    {
                        return Err(self.not_stored(&error, lines));
                    }
                    std::thread::park_timeout(POLL);
                }
                Err(error) => return Err(error.into()),
            }
        };
        for refusal in &outcome.refused {
            let place = Place { input: 0, line: lines[refusal.index] };
            let record = &records[refusal.index];
            self.refusals.refuse_record(place, record, &refusal.of(record));
        }
        self.done.stored += outcome.stored;
        self.done.amended += outcome.amended;
        self.done.duplicates += outcome.duplicates;
        Ok(self.strict && !outcome.refused.is_empty())
    }

    fn not_stored(&self, error: &StoreError, lines: &[u64]) -> CliError {
        let from = lines.first().map_or_else(String::new, |&line| {
            format!(", from {} on", self.refusals.named(Place { input: 0, line }))
        });
        let (count, records) =
            (lines.len() as u64, if lines.len() == 1 { "record" } else { "records" });
        ErrorKind::NotStored
            .error(format!("{} {records} could not be stored{from}: {error}", format_count(count)))
            .hint("the same command goes on from there")
    }

    fn finish(mut self, ended: Result<(), CliError>) -> Result<u8, CliError> {
        if let Some(rejects) = self.refusals.rejects() {
            rejects.end_parts();
        }
        let not_kept = self.refusals.take_failure();
        let refused = self.refusals.count();
        let SourceCounts { stored, amended, duplicates, .. } = self.done;
        let lines = stored + amended + duplicates + refused;
        let accounts = format!(
            "Lines: {}  |  Stored: {}{}  |  Duplicates: {}  |  Refused: {}\n",
            format_count(lines),
            format_count(stored),
            amounts::amended(amended),
            format_count(duplicates),
            format_count(refused),
        );
        let printed = if self.context.quiet { Ok(()) } else { output::print(&accounts) };
        ended?;
        printed?;
        not_kept.map_or(Ok(()), Err)?;
        Ok(if refused > 0 { exit_codes::INPUT_REFUSED } else { exit_codes::DONE })
    }
}
