//! `usage record`

mod input;
mod refusals;
mod session;

use std::path::PathBuf;

use usage_core::LabelInterner;
use usage_core::record::line::{self, MAX_LINE_BYTES};

use self::input::{Input, Line, Lines};
use self::session::{Session, Stop};
use crate::context::Context;
use crate::error::CliError;

/// Record requests from files or standard input, one JSON object a line
///
/// A line holds instance_id, route and model; tokens, or input_tokens, output_tokens,
/// cache_read_tokens, cache_write_tokens and reasoning_tokens; and may hold profile, provider,
/// fallbacks, timestamp (RFC 3339, else now) and event_id, which makes it safe to repeat.
///
/// A line that cannot be taken is named on standard error and skipped; the exit code is then 3.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Files to read; none, or -, is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Print the report afterwards, of all time and all instances
    #[arg(long, conflicts_with = "follow")]
    report: bool,

    /// Stop at the first line that is refused; what was read before it is stored
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
    let session = Session::start(context, &inputs, args)?;
    let mut labels = LabelInterner::new(INTERNED);
    for (index, input) in inputs.iter().enumerate() {
        match read(input, index, &session, &mut labels, context) {
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

fn read(
    input: &Input,
    index: usize,
    session: &Session,
    labels: &mut LabelInterner,
    context: &Context,
) -> Result<(), Stop> {
    let mut lines = Lines::new(input.open()?, MAX_LINE_BYTES);
    loop {
        let number = lines.number() + 1;
        match lines.next(|part| session.keep_part(part)).map_err(|error| input.failed(&error))? {
            None => return Ok(()),
            Some(Line::Blank) => {}
            Some(Line::TooLong) => {
                let why = format!("the line is longer than {MAX_LINE_BYTES} bytes");
                session.refuse(index, number, None, &why)?;
            }
            Some(Line::Text(text)) => match line::parse(text, context.now_timestamp(), labels) {
                Ok(record) => session.record(record, index, number)?,
                Err(error) => session.refuse(index, number, Some(text), &error.to_string())?,
            },
        }
    }
}
