//! Reading an input: its lines or rows, what is a record, and what is not.

use std::io::BufRead;

use usage_core::record::csv::Header;
use usage_core::record::line::{LineError, MAX_LINE_BYTES, Parser};
use usage_core::{LabelInterner, Record};

use super::Args;
use super::input::{Input, Line, Lines};
use super::layout::{self, Layout};
use super::refusals::{Place, SharedRefusals, lock};
use crate::commands::form::Form;
use crate::context::Context;
use crate::error::CliError;

/// Different label sets that are kept ready while reading.
pub(super) const INTERNED: usize = 16_384;

/// Why reading ends early.
pub(super) enum Stop {
    /// The rest shall not be read.
    Enough,
    Failed(CliError),
}

impl From<CliError> for Stop {
    fn from(error: CliError) -> Self {
        Self::Failed(error)
    }
}

/// The things that reading needs besides the input.
pub(super) struct Reading<'a> {
    context: &'a Context,
    refusals: &'a SharedRefusals,
    pub(super) strict: bool,
    parser: Parser,
    ignore_unknown: bool,
    labels: LabelInterner,
}

impl<'a> Reading<'a> {
    pub(super) fn new(args: &Args, context: &'a Context, refusals: &'a SharedRefusals) -> Self {
        Self {
            context,
            refusals,
            strict: args.strict,
            parser: Parser::new().ignoring_unknown(args.ignore_unknown),
            ignore_unknown: args.ignore_unknown,
            labels: LabelInterner::new(INTERNED),
        }
    }

    /// Reads an input to its end, and hands each record to `taker`.
    pub(super) fn read(
        &mut self,
        (index, input, form): (usize, &Input, Form),
        taker: &mut dyn FnMut(Record, Place) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let (reader, layout) = input.open(form)?;
        if let Layout::Other(other) = layout {
            return Err(input.is_other(other).into());
        }
        let lines = Lines::new(reader, form, layout, MAX_LINE_BYTES);
        match form {
            Form::Ndjson => self.read_lines((index, input), lines, taker),
            Form::Csv => self.read_rows((index, input), lines, taker),
        }
    }

    fn read_lines(
        &mut self,
        (index, input): (usize, &Input),
        mut lines: Lines<impl BufRead>,
        taker: &mut dyn FnMut(Record, Place) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        loop {
            let next = lines.next(|part| self.keep_part(part));
            let Some((line, text)) = next.map_err(|error| input.failed(&error))? else {
                if let Some(line) = lines.breaks_off() {
                    let why = "the array has no end: what was to follow is not there";
                    self.refuse(Place { input: index, line }, None, why)?;
                }
                return Ok(());
            };
            let place = Place { input: index, line };
            match text {
                Line::Blank => {}
                Line::TooLong => {
                    let why = format!("the line is longer than {MAX_LINE_BYTES} bytes");
                    self.refuse(place, None, &why)?;
                }
                Line::Text(text) => {
                    let now = self.context.now_timestamp();
                    match self.parser.parse(text, now, &mut self.labels) {
                        Ok(record) => {
                            count_ignored(&mut self.parser, self.refusals);
                            taker(record, place)?;
                        }
                        Err(_) if place.line == 1 && Header::parse(text).is_ok() => {
                            return Err(is_csv(input).into());
                        }
                        Err(error) => match self.records(text) {
                            Some(records) => {
                                count_ignored(&mut self.parser, self.refusals);
                                records.into_iter().try_for_each(|record| taker(record, place))?;
                            }
                            None => {
                                let why = lock(self.refusals).why(&error);
                                self.refuse(place, Some(text), &why)?;
                            }
                        },
                    }
                }
            }
        }
    }

    /// Returns the records of a line that holds several, one behind another; nothing unless all are records.
    fn records(&mut self, line: &[u8]) -> Option<Vec<Record>> {
        let objects = layout::objects(line);
        if objects.len() < 2 {
            return None;
        }
        let records = objects.into_iter().map(|object| {
            self.parser.parse(object, self.context.now_timestamp(), &mut self.labels)
        });
        records.collect::<Result<_, _>>().ok()
    }

    fn read_rows(
        &mut self,
        (index, input): (usize, &Input),
        mut rows: Lines<impl BufRead>,
        taker: &mut dyn FnMut(Record, Place) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let (mut header, mut end): (Option<Header>, _) = (None, 1);
        loop {
            let is_under_header = header.is_some();
            let next = rows.next(|part| {
                if is_under_header {
                    self.keep_part(part);
                }
            });
            let next = next.map_err(|error| input.failed(&error))?;
            let line = next.as_ref().map_or(end, |(line, _)| *line);
            end = line + 1;
            let place = Place { input: index, line };
            let no_header = |why: &dyn std::fmt::Display| {
                CliError::failed(format!("{}:{}: {why}", input.name(), place.line))
            };
            match (next.map(|(_, text)| text), &header) {
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
                    self.refuse(place, None, &why)?;
                }
                (Some(Line::Text(text)), None) => {
                    let found = self.header(text).map_err(|error| {
                        let is_taken = Header::parse_ignoring_unknown(text).is_ok();
                        match no_header(&error) {
                            error if text.starts_with(b"{") => {
                                error.hint("--format ndjson reads JSON lines")
                            }
                            error if is_taken => error
                                .hint("--ignore-unknown passes over columns that no record has"),
                            error => error,
                        }
                    })?;
                    self.set_header(text);
                    header = Some(found);
                }
                (Some(Line::Text(text)), Some(known)) => {
                    match known.parse_row(text, self.context.now_timestamp(), &mut self.labels) {
                        Ok(record) => {
                            if !known.unknown().is_empty() {
                                let mut refusals = lock(self.refusals);
                                known
                                    .unknown()
                                    .iter()
                                    .for_each(|name| refusals.ignored().add(name));
                            }
                            taker(record, place)?;
                        }
                        Err(error) => match self.header(text) {
                            // Files that were put one behind another.
                            Ok(another) => {
                                self.set_header(text);
                                header = Some(another);
                            }
                            Err(_) => self.refuse(place, Some(text), &error.to_string())?,
                        },
                    }
                }
            }
        }
    }

    fn header(&self, text: &[u8]) -> Result<Header, LineError> {
        match self.ignore_unknown {
            true => Header::parse_ignoring_unknown(text),
            false => Header::parse(text),
        }
    }

    /// Names, counts and keeps a line that is no record.
    fn refuse(&self, place: Place, text: Option<&[u8]>, why: &str) -> Result<(), Stop> {
        let mut refusals = lock(self.refusals);
        refusals.refuse(place, text, why);
        match refusals.take_failure() {
            Some(failure) => Err(failure.into()),
            None if self.strict => Err(Stop::Enough),
            None => Ok(()),
        }
    }

    /// Keeps a part of a line that is too long to be held in memory.
    fn keep_part(&self, part: &[u8]) {
        if let Some(rejects) = lock(self.refusals).rejects() {
            rejects.add_part(part);
        }
    }

    /// Sets the header under which the rows that are read from now on come.
    fn set_header(&self, header: &[u8]) {
        if let Some(rejects) = lock(self.refusals).rejects() {
            rejects.set_header(header);
        }
    }
}

/// Counts what was passed over in a line that is a record.
pub(super) fn count_ignored(parser: &mut Parser, refusals: &SharedRefusals) {
    if !parser.unknown().is_empty() {
        lock(refusals).ignored().merge(&parser.take_unknown());
    }
}

/// Else each of its rows would be refused.
pub(super) fn is_csv(input: &Input) -> CliError {
    CliError::failed(format!("{}:1: this is the header of CSV, not a JSON line", input.name()))
        .hint("--format csv reads it")
}
