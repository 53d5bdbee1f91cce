//! `usage serve`

mod errors;
mod sockets;

use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use usage_core::format::format_count;
use usage_server::{Config, Server, Tokens};
use usage_tracker::ShutdownReport;

use crate::context::Context;
use crate::error::CliError;
use crate::interrupts::Interrupts;
use crate::{amounts, exit_codes, output};

/// Take telemetry and record lines over HTTP, and answer with reports and metrics
///
/// Coding agents and gateways send each request by OpenTelemetry (OTLP over HTTP) or as record lines; who sends is
/// answered when the journal has it. `usage setup` prints what to set for each of them. Only this machine can reach it
/// unless --listen says otherwise, which needs --tokens. It runs until it is interrupted, and then stores what it took.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where to listen; may be given several times. A socket that systemd hands over goes before it
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:4318")]
    listen: Vec<String>,

    /// A file of bearer tokens that only its owner can read: a line each of read, write or all, the token, and the
    /// instances it is for
    #[arg(long, value_name = "FILE")]
    tokens: Option<PathBuf>,

    /// A name by which this server is asked for, besides localhost and addresses; may be given several times
    #[arg(long, value_name = "NAME")]
    host: Vec<String>,

    /// Answer only when what was sent would survive a power loss
    #[arg(long)]
    sync: bool,
}

/// The time for answers that are under way, and then for what is left to be stored.
const PATIENCE: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
Examples:
  usage serve
  usage serve --listen 127.0.0.1:9000 --sync
  usage serve --listen 0.0.0.0:4318 --tokens tokens --host ledger.example";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let mut config = Config::default();
    config.tokens = args.tokens.as_deref().map(Tokens::read).transpose()?;
    config.hosts = args.host.iter().map(|host| host.to_ascii_lowercase()).collect();
    config.synced = args.sync;
    config.zone = context.zone();
    config.clock = context.clock();
    let listeners = sockets::listeners(&args.listen)?;
    let interrupts = Interrupts::catch()?;
    let store = context.open_or_create()?;
    context.recover(&store)?;
    let path = store.path().display().to_string();
    sockets::raise_limit();
    let server = Server::start(store, listeners, config)?;
    if !context.quiet {
        let at: Vec<_> = server.addresses().iter().map(|at| format!("http://{at}")).collect();
        output::print(&format!("Serving {path} at {}\n", at.join(", ")))?;
    }
    while !interrupts.came() {
        thread::park();
    }
    ended(&server.stop(PATIENCE), context)
}

/// Says what came of what was taken.
fn ended(report: &ShutdownReport, context: &Context) -> Result<u8, CliError> {
    let stats = &report.stats;
    let why = stats.last_error.as_deref().unwrap_or("the ledger takes too long");
    if !report.is_safe() {
        let lost = report.unstored.len() as u64 + stats.pending - stats.in_journal;
        let lost = amounts::records(lost);
        return Err(CliError::failed(format!("{lost} could not be stored: {why}")));
    }
    if stats.in_journal > 0 {
        let waiting = amounts::records(stats.in_journal);
        let message = format!("{waiting} wait in the journal: {why}");
        return Err(CliError::failed(message)
            .hint("the next command that writes to the ledger stores them"));
    }
    if !context.quiet {
        output::print(&format!(
            "Stored: {}  |  Amended: {}  |  Duplicates: {}  |  Refused: {}\n",
            format_count(stats.stored),
            format_count(stats.amended),
            format_count(stats.duplicates),
            format_count(stats.refused),
        ))?;
    }
    Ok(exit_codes::DONE)
}
