//! `usage ship`

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use usage_core::format::format_count;
use usage_ship::{Options, ShipError, Shipped, Shipper, Target, ddl, verify};
use usage_store::Store;

use crate::context::Context;
use crate::error::CliError;
use crate::interrupts::Interrupts;
use crate::{amounts, exit_codes, output};

mod metrics;

use metrics::Metrics;

/// Ship the ledger's sums to Postgres or ClickHouse, where many ledgers come together
///
/// What is there already is not sent again, what has changed is replaced, and what was deleted goes: run it as often as
/// you like, or let it follow the ledger. However often it is killed, reports from there, by --db URL, come to what the
/// ledgers come to. Connections are not encrypted: let a tunnel or a proxy do that.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where to, as postgres://USER@HOST/DATABASE or clickhouse://USER:PASSWORD@HOST:8123/DATABASE
    #[arg(value_name = "URL", env = "USAGE_SHIP_TARGET", hide_env_values = true)]
    target: String,

    /// Ship the records too, not their sums alone
    #[arg(long)]
    records: bool,

    /// Go on, and ship what is stored meanwhile; try again while the engine is away
    #[arg(long, conflicts_with_all = ["dry_run", "verify"])]
    follow: bool,

    /// How long to wait between two looks at the ledger
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    every: u64,

    /// Write metrics to this file after each look, in the text form of Prometheus
    #[arg(long, value_name = "FILE", requires = "follow")]
    metrics: Option<PathBuf>,

    /// Compare the sums there with the ledger's, by month, when all is shipped
    #[arg(long)]
    verify: bool,

    /// Print the statements that make the tables, and do nothing
    #[arg(long, conflicts_with_all = ["verify", "new_epoch"])]
    dry_run: bool,

    /// Ship anew, in place of what is there of this ledger: for one that was restored from a copy
    #[arg(long)]
    new_epoch: bool,
}

const EXAMPLES: &str = "\
Examples:
  usage ship postgres://usage@db.example/usage
  usage ship clickhouse://usage:secret@ch.example:8123/usage --follow
  usage ship postgres://usage@db.example/usage --verify
  usage --db postgres://usage@db.example/usage report this-month";

/// The longest pause between two tries.
const LONGEST: Duration = Duration::from_secs(300);

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let target: Target = args.target.parse().map_err(CliError::usage)?;
    if args.dry_run {
        output::print(
            &ddl(target.dialect()).iter().map(|sql| format!("{sql};\n\n")).collect::<String>(),
        )?;
        return Ok(exit_codes::DONE);
    }
    let store = if args.new_epoch || !args.follow {
        context.open_existing()?
    } else {
        context.open_or_create()?
    };
    context.recover(&store)?;
    let mut options = Options::default();
    (options.with_records, options.new_epoch) = (args.records, args.new_epoch);
    options.name = store.path().display().to_string();
    let mut shipper = Shipper::new(&store, target.clone(), options);
    if args.follow {
        return follow(&mut shipper, args, context);
    }
    tell(shipper.ship().map_err(failed)?, context);
    if args.verify { compare(&store, target, context) } else { Ok(exit_codes::DONE) }
}

fn failed(error: ShipError) -> CliError {
    usage_core::Error::from(error).into()
}

fn tell(shipped: Shipped, context: &Context) {
    if context.quiet {
        return;
    }
    if shipped.passes == 0 {
        return output::note("note: nothing has changed since it was shipped last");
    }
    let records = match shipped.records {
        0 => String::new(),
        records => format!(" and {}", amounts::records(records)),
    };
    output::note(&format!("note: shipped {} rows of sums{records}", format_count(shipped.sums)));
}

/// Ships whenever something has changed, until it is interrupted.
fn follow(shipper: &mut Shipper<'_>, args: &Args, context: &Context) -> Result<u8, CliError> {
    let interrupts = Interrupts::catch()?;
    let every = Duration::from_secs(args.every);
    let (mut pause, mut said) = (every, String::new());
    let mut metrics = Metrics::begin(args.metrics.as_deref())?;
    while !interrupts.came() {
        match shipper.ship() {
            Ok(shipped) => {
                metrics.succeeded(shipped, context.now_timestamp());
                if shipped.passes > 0 || !said.is_empty() {
                    tell(shipped, context);
                }
                (pause, said) = (every, String::new());
            }
            Err(error) if error.is_transient() => {
                metrics.failed();
                pause =
                    if said.is_empty() { Duration::from_secs(1) } else { (pause * 2).min(LONGEST) };
                let text = error.to_string();
                if text != said && !context.quiet {
                    output::note(&format!("note: {text}; trying again"));
                }
                said = text;
            }
            Err(error) => return Err(failed(error)),
        }
        // Not all at once when an engine comes back.
        let some = pause.mul_f64(0.75 + fastrand::f64() / 2.0);
        let until = std::time::Instant::now() + some;
        while !interrupts.came() && std::time::Instant::now() < until {
            thread::park_timeout(until.saturating_duration_since(std::time::Instant::now()));
        }
    }
    Ok(exit_codes::DONE)
}

fn compare(store: &Store, target: Target, context: &Context) -> Result<u8, CliError> {
    let differences = verify(store, target).map_err(failed)?;
    for of in &differences {
        let ((year, month), level) = (of.month, of.level);
        output::print(&format!(
            "{year}-{month:02} {level:?}: {} requests and {} tokens here, {} and {} there\n",
            format_count(of.here.requests),
            format_count(of.here.tokens()),
            format_count(of.there.requests),
            format_count(of.there.tokens()),
        ))?;
    }
    if differences.is_empty() {
        if !context.quiet {
            output::print("The ledger and the engine agree in each month.\n")?;
        }
        return Ok(exit_codes::DONE);
    }
    Err(CliError::failed("the engine has other sums than the ledger"))
}
