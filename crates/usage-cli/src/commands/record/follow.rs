//! `usage record --follow`: a log that grows, stored together with how far it is read.

use std::fs::File;
use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use usage_core::error::chain;
use usage_core::record::csv::Header;
use usage_core::record::line::{MAX_LINE_BYTES, Parser};
use usage_core::{ErrorKind, LabelInterner};
use usage_import::follow::{Entry, Log, Taken};
use usage_import::{
    ImportError, ImportEvent, ImportOptions, ImportSummary, Place as ItemPlace, run as run_import,
};

use super::accounts::{Accounts, finish, not_stored};
use super::input::Input;
use super::layout::{self, Layout};
use super::reading::{INTERNED, count_ignored, is_csv};
use super::refusals::{Place, Refusals, SharedRefusals, lock};
use super::rejects::Rejects;
use super::{Args, PATIENCE};
use crate::commands::form::Form;
use crate::context::Context;
use crate::error::CliError;
use crate::interrupts::Interrupts;
use crate::output;

/// The interval at which a log that has not grown is looked at again.
const POLL: Duration = Duration::from_millis(200);

/// The bytes at the beginning of a log by which it is known.
const BEGINNING: u64 = 64 * 1_024;

pub(super) fn run(
    args: &Args,
    context: &Context,
    input: &Input,
    path: &Path,
    rejects: Option<Rejects>,
) -> Result<u8, CliError> {
    look_at(input, path)?;
    let store = context.open_or_create()?;
    context.recover(&store)?;
    let refusals = Mutex::new(Refusals::new(vec![input.name()], rejects));
    let interrupts = Interrupts::catch()?;
    let given = Mutex::new(Given::default());
    let mut lines = Lines {
        context,
        input,
        refusals: &refusals,
        given: &given,
        parser: Parser::new().ignoring_unknown(args.ignore_unknown),
        labels: LabelInterner::new(INTERNED),
        strict: args.strict,
    };
    let mut log = Log::new("file", path, |entry| lines.take(entry))?;
    let mut options = ImportOptions::default();
    (options.watch, options.patience) = (Some(POLL), PATIENCE);
    let mut done = ImportSummary::default();
    let followed = run_import(&store, &mut log, &options, &mut |event| {
        match event {
            ImportEvent::Refused { place: ItemPlace::Line(line), why } => {
                if let Some((record, refusal)) = why.by_ledger() {
                    let place = Some(Place { input: 0, line });
                    lock(&refusals).refuse_record(place, record, refusal);
                }
            }
            ImportEvent::Gap(gap) => output::note(&format!("{}: {gap}", input.name())),
            ImportEvent::Trouble(error) => {
                output::note(&format!("note: {}; trying again", chain(error)));
            }
            ImportEvent::Progress { summary, .. } => {
                done = summary;
                *lock(&given) = Given::default();
            }
            _ => {}
        }
        let refusals = lock(&refusals);
        let is_enough = args.strict && refusals.count() > 0;
        if is_enough || refusals.has_failed() || interrupts.came() {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    let mut refusals = lock(&refusals);
    let ended = match (followed, refusals.take_failure()) {
        (_, Some(failure)) => Err(failure),
        (Ok(_), None) => Ok(()),
        (Err(ImportError::Ledger(why)), None) if why.kind().is_transient() => {
            let Given { records, first } = *lock(&given);
            let error = not_stored(Some(why.kind()), records, first, &refusals, &chain(&why));
            // What may help with a damaged ledger is said already.
            Err(match why.kind() {
                ErrorKind::Corrupt => error,
                _ => error.hint("the same command goes on from there"),
            })
        }
        (Err(ImportError::Io { source, .. }), None) => Err(input.failed(&source)),
        (Err(error), None) => Err(error.into()),
    };
    let accounts = Accounts::of_import(&done);
    finish(args, context, &mut refusals, accounts, ended)
}

/// Looks at how a log begins: one that is no text holds no line, however long it is waited for.
fn look_at(input: &Input, path: &Path) -> Result<(), CliError> {
    let failed = |error| input.failed(&error);
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(BEGINNING).read_to_end(&mut start))
        .map_err(failed)?;
    match layout::of(&start, Form::Ndjson, true) {
        Some(Layout::Other(other)) => return Err(input.is_other(other)),
        Some(Layout::Values) => output::note(&format!(
            "note: {} does not begin with one object a line, and --follow reads nothing else",
            input.name()
        )),
        _ => {}
    }
    Ok(())
}

/// Records that were read and are not known to be stored.
#[derive(Clone, Copy, Default)]
struct Given {
    records: u64,
    first: Option<Place>,
}

/// The maker of records of lines.
struct Lines<'a> {
    context: &'a Context,
    input: &'a Input,
    refusals: &'a SharedRefusals,
    given: &'a Mutex<Given>,
    parser: Parser,
    labels: LabelInterner,
    strict: bool,
}

impl Lines<'_> {
    fn take(&mut self, entry: &Entry) -> Result<ControlFlow<Taken, Taken>, ImportError> {
        let place = Place { input: 0, line: entry.number() };
        Ok(match entry {
            Entry::Part { text, .. } => {
                if let Some(rejects) = lock(self.refusals).rejects() {
                    rejects.add_part(text);
                }
                ControlFlow::Continue(Taken::Nothing)
            }
            Entry::TooLong { .. } => {
                self.refuse(place, None, &format!("the line is longer than {MAX_LINE_BYTES} bytes"))
            }
            Entry::Line { text, .. } if !text.iter().all(u8::is_ascii_whitespace) => {
                let now = self.context.now_timestamp();
                match self.parser.parse(text, now, &mut self.labels) {
                    Ok(record) => {
                        count_ignored(&mut self.parser, self.refusals);
                        let mut given = lock(self.given);
                        given.records += 1;
                        given.first.get_or_insert(place);
                        ControlFlow::Continue(Taken::Record(record))
                    }
                    Err(error) if place.line == 1 && Header::parse(text).is_ok() => {
                        lock(self.refusals).fail(is_csv(self.input));
                        return Err(ImportError::Other(error.into()));
                    }
                    Err(error) => {
                        let why = lock(self.refusals).why(&error);
                        self.refuse(place, Some(text), &why)
                    }
                }
            }
            _ => ControlFlow::Continue(Taken::Nothing),
        })
    }

    fn refuse(&self, place: Place, text: Option<&[u8]>, why: &str) -> ControlFlow<Taken, Taken> {
        let mut refusals = lock(self.refusals);
        refusals.refuse(place, text, why);
        if self.strict || refusals.has_failed() {
            ControlFlow::Break(Taken::Told)
        } else {
            ControlFlow::Continue(Taken::Told)
        }
    }
}
