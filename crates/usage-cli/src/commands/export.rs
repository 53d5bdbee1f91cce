//! `usage export`

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use usage_core::record::csv::RowWriter;
use usage_core::record::line;
use usage_core::{Money, Record, TimeRange};
use usage_store::{Records, Store};

use super::filter::FilterArgs;
use super::form::Form;
use super::found::note_unknown_names;
use super::period::{self, PeriodArgs};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// Print the records of a period themselves, which `usage record` reads back
///
/// From the oldest to the newest, each as it was recorded, its event_id included: recorded into an
/// empty ledger they make the same reports. Beside it stands what it costs by list price (cost_usd), which `usage
/// record` passes over: a ledger prices by its own books. The records that are in the ledger when the command
/// begins are printed; the ledger may be written meanwhile.
///
/// JSON holds nothing that a terminal would act on, as escapes. CSV holds every name as it is;
/// on a terminal, what would not be shown is written out instead, and does not read back.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = long_help())]
pub(crate) struct Args {
    #[command(flatten)]
    period: PeriodArgs,

    /// How to print them
    #[arg(long, value_enum, default_value_t = Form::Ndjson)]
    format: Form,

    /// Print what was told of each record in place of it, to be recorded into another ledger
    ///
    /// An event that was told in several ways is one record, with an event_id and at most one
    /// alias_id. Its tellings have all ids that it is known by: recorded into another ledger they
    /// come to the same record there, whatever is told next. Several lines are one request then, so
    /// do not add them up.
    #[arg(long)]
    tellings: bool,

    // Last: its heading would be that of whatever follows.
    #[command(flatten)]
    filter: FilterArgs,
}

const EXAMPLES: &str = "\
Examples:
  usage export > all.ndjson
  usage export last-month --provider anthropic --format csv > anthropic.csv
  usage export --tellings | usage record --db other.db";

fn long_help() -> String {
    format!("{EXAMPLES}\n\n{}", period::long_help())
}

/// Where the records go.
enum Out {
    Lines(BufWriter<Stdout>),
    Rows(Box<RowWriter<Stdout>>),
}

impl Out {
    fn new(form: Form, context: &Context) -> io::Result<Self> {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        match form {
            Form::Ndjson => Ok(Self::Lines(BufWriter::with_capacity(64 * 1_024, stdout))),
            Form::Csv => {
                let mut rows = RowWriter::new(stdout).with_costs();
                if is_terminal {
                    rows = rows.printable();
                    if !context.quiet {
                        output::note(
                            "note: on a terminal names are shown printable; \
                             a file or a pipe gets them as they are",
                        );
                    }
                }
                rows.write_header()?;
                Ok(Self::Rows(Box::new(rows)))
            }
        }
    }

    fn write(&mut self, record: &Record, cost: Option<Money>) -> io::Result<()> {
        match self {
            Self::Lines(out) => {
                out.write_all(line::write_priced(record, cost).as_bytes())?;
                out.write_all(b"\n")
            }
            Self::Rows(rows) => rows.write_priced(record, cost),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Lines(out) => out.flush(),
            Self::Rows(rows) => rows.flush(),
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let period = args.period.parse(context)?;
    let filter = args.filter.filter();
    let store = context.open_existing()?;
    context.note_waiting(&store, "export");
    note_unknown_names(filter, &store, context)?;
    let range = TimeRange::from(&period);
    note_without_rows(&store, range, context);
    let records = store.records_by_period(range, filter).oldest_first();
    let mut unread = None;
    let told_by = args.tellings.then_some(&store);
    let written =
        Out::new(args.format, context).and_then(|out| copy(records, told_by, out, &mut unread));
    output::written(written)?;
    match unread {
        Some(error) => Err(error),
        None => Ok(exit_codes::DONE),
    }
}

/// Says so where records were deleted and reports still count them.
fn note_without_rows(store: &Store, range: TimeRange, context: &Context) {
    // What cannot be read is for the export itself to tell.
    let rows_from = store.retention().read().ok().and_then(|retention| retention.rows_from);
    let Some(rows_from) = rows_from.filter(|from| range.start.is_none_or(|start| start < *from))
    else {
        return;
    };
    if !context.quiet {
        let from = amounts::instant(rows_from, context.zone());
        output::note(&format!(
            "note: of what is older than {from} only sums are left, which reports count and this \
             export does not have"
        ));
    }
}

/// Writes the records, or what a ledger was told of each, up to the first that cannot be read, and why it cannot.
fn copy(
    records: Records<'_>,
    told_by: Option<&Store>,
    mut out: Out,
    unread: &mut Option<CliError>,
) -> io::Result<()> {
    for stored in records {
        let told = stored.and_then(|stored| match told_by {
            None => Ok(vec![(stored.record, stored.cost)]),
            // A cost is that of the record that they come to, and of none of them.
            Some(store) => {
                Ok(store.tellings(&stored)?.into_iter().map(|told| (told, None)).collect())
            }
        });
        match told {
            Ok(told) => told.iter().try_for_each(|(record, cost)| out.write(record, *cost))?,
            Err(error) => {
                *unread = Some(error.into());
                break;
            }
        }
    }
    out.flush()
}
