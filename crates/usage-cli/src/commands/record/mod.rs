//! `usage record`

mod follow;
mod input;
mod refusals;
mod rejects;
mod session;

use std::io::BufRead;
use std::path::PathBuf;

use usage_core::LabelInterner;
use usage_core::record::csv::Header;
use usage_core::record::line::{self, MAX_LINE_BYTES};

use self::input::{Input, Line, Lines};
use self::rejects::Rejects;
use self::session::{Session, Stop};
use super::form::Form;
use crate::context::Context;
use crate::error::CliError;

/// Record requests from files or standard input, as JSON lines or as CSV
///
/// A line is a JSON object. It holds instance_id, route and model; tokens, or input_tokens,
/// output_tokens, cache_read_tokens, cache_write_tokens and reasoning_tokens; and may hold profile,
/// provider, fallbacks, timestamp (RFC 3339, else now) and event_id, which makes it safe to repeat.
///
/// In CSV the same names are the columns, in any order, named by the first row. An empty field is
/// as good as none.
///
/// A line that cannot be taken is named on standard error and skipped; the exit code is then 3.
///
/// While the ledger cannot be written, what comes through a pipe is kept in a journal beside it, and
/// stored by the next command that writes. Files are read again from the line that an error names;
/// --follow goes on where it was, also in files that were rotated meanwhile.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to read; none, or -, is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What the input is [default: csv for files that end in .csv, else ndjson]
    #[arg(long, value_enum)]
    format: Option<Form>,

    /// Print the report afterwards, of all time and all instances
    #[arg(long, conflicts_with = "follow")]
    report: bool,

    /// Stop at the first line that is refused; what was read before it is stored,
    /// and of an event_id conflict, which only the ledger finds, some of what comes after too
    #[arg(long)]
    strict: bool,

    /// Add the lines that are refused to this file
    #[arg(long, value_name = "PATH")]
    rejects: Option<PathBuf>,

    /// Go on reading as the file grows, until interrupted
    #[arg(short, long)]
    follow: bool,
}

/// Different label sets that are kept ready while reading.
const INTERNED: usize = 16_384;

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let inputs = Input::all(&args.files, args.follow)?;
    let forms: Vec<_> =
        inputs.iter().map(|input| args.format.unwrap_or_else(|| input.form())).collect();
    if args.follow && forms.contains(&Form::Csv) {
        return Err(CliError::usage("--follow reads JSON lines, not CSV")
            .hint("without --follow, CSV is read to its end"));
    }
    if let [input @ Input::Growing(path)] = inputs.as_slice() {
        return follow::run(args, context, input, path, rejects(args, &forms)?);
    }
    let session = Session::start(context, &inputs, args, rejects(args, &forms)?)?;
    let mut reading = Reading { context, session: &session, labels: LabelInterner::new(INTERNED) };
    for (index, (input, form)) in inputs.iter().zip(forms).enumerate() {
        match reading.read(input, form, index) {
            Ok(()) => {}
            Err(Stop::Enough) => break,
            Err(Stop::Failed(error)) => return Err(session.abandon(error)),
        }
    }
    let code = session.finish()?;
    if args.report {
        session.print_report(context)?;
    }
    Ok(code)
}

/// Refused lines of two forms in one file could not be recorded again.
fn rejects(args: &Args, forms: &[Form]) -> Result<Option<Rejects>, CliError> {
    let (Some(path), Some(form)) = (&args.rejects, forms.first()) else {
        return Ok(None);
    };
    if forms.iter().any(|other| other != form) {
        let message = "--rejects keeps JSON lines or CSV, not both in one file";
        return Err(CliError::usage(message).hint("record the files of either form by themselves"));
    }
    Rejects::open(path, *form).map(Some)
}

/// What reading needs besides the input.
struct Reading<'a> {
    context: &'a Context,
    session: &'a Session,
    labels: LabelInterner,
}

impl Reading<'_> {
    fn read(&mut self, input: &Input, form: Form, index: usize) -> Result<(), Stop> {
        let lines = Lines::new(input.open()?, form, MAX_LINE_BYTES);
        match form {
            Form::Ndjson => self.read_lines(input, index, lines),
            Form::Csv => self.read_rows(input, index, lines),
        }
    }

    fn read_lines(
        &mut self,
        input: &Input,
        index: usize,
        mut lines: Lines<impl BufRead>,
    ) -> Result<(), Stop> {
        let session = self.session;
        loop {
            let number = lines.next_number();
            let next = lines.next(|part| session.keep_part(part));
            match next.map_err(|error| input.failed(&error))? {
                None => return Ok(()),
                Some(Line::Blank) => {}
                Some(Line::TooLong) => {
                    let why = format!("the line is longer than {MAX_LINE_BYTES} bytes");
                    session.refuse(index, number, None, &why)?;
                }
                Some(Line::Text(text)) => {
                    match line::parse(text, self.context.now_timestamp(), &mut self.labels) {
                        Ok(record) => session.record(record, index, number)?,
                        Err(_) if number == 1 && Header::parse(text).is_ok() => {
                            return Err(is_csv(input).into());
                        }
                        Err(error) => {
                            session.refuse(index, number, Some(text), &error.to_string())?;
                        }
                    }
                }
            }
        }
    }

    fn read_rows(
        &mut self,
        input: &Input,
        index: usize,
        mut rows: Lines<impl BufRead>,
    ) -> Result<(), Stop> {
        let session = self.session;
        let mut header: Option<Header> = None;
        loop {
            let number = rows.next_number();
            let no_header = |why: &dyn std::fmt::Display| {
                CliError::failed(format!("{}:{number}: {why}", input.name()))
            };
            let is_under_header = header.is_some();
            let next = rows.next(|part| {
                if is_under_header {
                    session.keep_part(part);
                }
            });
            match (next.map_err(|error| input.failed(&error))?, &header) {
                (Some(Line::Blank), _) => {}
                (None, Some(_)) => return Ok(()),
                (None, None) => {
                    return Err(no_header(&"there is no header that names the columns").into());
                }
                (Some(Line::TooLong), None) => {
                    let why = format!("the header is longer than {MAX_LINE_BYTES} bytes");
                    return Err(no_header(&why).into());
                }
                (Some(Line::TooLong), Some(_)) => {
                    let why = format!(
                        "the row is longer than {MAX_LINE_BYTES} bytes; is a quote not closed?"
                    );
                    session.refuse(index, number, None, &why)?;
                }
                (Some(Line::Text(text)), None) => {
                    let found = Header::parse(text).map_err(|error| {
                        let error = no_header(&error);
                        let hint = "--format ndjson reads JSON lines";
                        if text.starts_with(b"{") { error.hint(hint) } else { error }
                    })?;
                    session.set_header(text);
                    header = Some(found);
                }
                (Some(Line::Text(text)), Some(known)) => {
                    match known.parse_row(text, self.context.now_timestamp(), &mut self.labels) {
                        Ok(record) => session.record(record, index, number)?,
                        Err(error) => match Header::parse(text) {
                            // Files that were put one behind another.
                            Ok(another) => {
                                session.set_header(text);
                                header = Some(another);
                            }
                            Err(_) => {
                                session.refuse(index, number, Some(text), &error.to_string())?;
                            }
                        },
                    }
                }
            }
        }
    }
}

/// Else each of its rows would be refused.
fn is_csv(input: &Input) -> CliError {
    CliError::failed(format!("{}:1: this is the header of CSV, not a JSON line", input.name()))
        .hint("--format csv reads it")
}
