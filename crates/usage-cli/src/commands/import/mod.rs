//! `usage import`

mod agent_line;
mod agents;
mod not_logged;

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Duration;

pub(super) use agents::found;
use clap::Subcommand;
use usage_core::Hint;
use usage_core::error::chain;
use usage_core::format::format_count;
use usage_import::ccrouter::Ccrouter;
use usage_import::{
    ImportError, ImportEvent, ImportOptions, ImportSummary, Origin, run as run_import,
};

use crate::complaints::Complaints;
use crate::context::Context;
use crate::error::CliError;
use crate::hints::where_kept;
use crate::interrupts::Interrupts;
use crate::messages::broken;
use crate::{amounts, exit_codes, output, progress};

/// Take over what other programs have recorded: coding agents' logs, a router's database
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    source: Source,
}

#[derive(Debug, Subcommand)]
enum Source {
    /// Take over the usage database of cc-modelrouter
    ///
    /// Without PATH that is ~/.cc-modelrouter/usage.db. The database is only read, and may be in use
    /// meanwhile: nothing in it is changed, nothing is left beside it. Run the command as often as you like,
    /// from a timer for example, or let it watch: what was taken over before is not counted again, what is new
    /// is picked up.
    ///
    /// A row that cannot be read is named on standard error, once, and skipped; the exit code is
    /// then 3.
    Ccrouter(SourceArgs),

    /// Take over the logs of all coding agents that are found on this machine
    ///
    /// A line for each agent says where its logs lie, how many there are, what the ledger holds of its requests now,
    /// and what was not read, by reason. Logs are only read, and may be in use meanwhile. Run the command as often as
    /// you like, from a timer for example, or let it watch: nothing is counted twice, whatever was copied, forked,
    /// resumed, archived or compressed, and what is in the ledger stays when an agent deletes its logs.
    ///
    /// A line of a log that should tell of a request and cannot be read is named on standard error, once; the exit
    /// code is then 3.
    Agents(agents::AllArgs),

    /// Take over the transcripts of Claude Code
    ///
    /// Without PATH those below each folder of $CLAUDE_CONFIG_DIR, or of ~/.config/claude and ~/.claude.
    ClaudeCode(agents::OneArgs),

    /// Take over the rollouts of Codex
    ///
    /// Without PATH those below $CODEX_HOME, or ~/.codex; archived and compressed ones too.
    Codex(agents::OneArgs),

    /// Take over the messages of opencode
    ///
    /// Without PATH those of the databases and files below $OPENCODE_DATA_DIR, or ~/.local/share/opencode.
    Opencode(agents::OneArgs),

    /// Take over the chats of Gemini CLI
    ///
    /// Without PATH those below ~/.gemini/tmp, in $GEMINI_CLI_HOME if it is set.
    GeminiCli(agents::OneArgs),

    /// Take over the sessions of Copilot CLI, and its file of spans
    ///
    /// Without PATH those below $COPILOT_HOME, or ~/.copilot, and $COPILOT_OTEL_FILE_EXPORTER_PATH. Versions that write
    /// only sums are booked by what these have grown, as estimates: the number of requests is not known.
    Copilot(agents::OneArgs),

    /// Take over the sessions of pi
    ///
    /// Without PATH those below $PI_CODING_AGENT_DIR, or ~/.pi/agent.
    Pi(agents::OneArgs),

    /// Take over the chats of Qwen Code
    ///
    /// Without PATH those below ~/.qwen.
    QwenCode(agents::OneArgs),

    /// Take over the tasks of Cline, in editors and on the command line
    ///
    /// Without PATH those in the folders of VS Code and editors like it, and below ~/.cline.
    Cline(agents::OneArgs),

    /// Take over the tasks of Roo Code in editors
    ///
    /// Without PATH those in the folders of VS Code and editors like it.
    RooCode(agents::OneArgs),

    /// Take over the tasks of Kilo Code, in editors and on the command line
    ///
    /// Without PATH those in the folders of VS Code and editors like it, and the database in ~/.local/share/kilo.
    KiloCode(agents::OneArgs),

    /// Take over the threads of Amp that lie on this machine
    ///
    /// Without PATH those below $AMP_DATA_DIR, or ~/.local/share/amp.
    Amp(agents::OneArgs),

    /// Take over the wire logs of Kimi CLI and Kimi Code
    ///
    /// Without PATH those below ~/.kimi, and below $KIMI_CODE_HOME or ~/.kimi-code.
    Kimi(agents::OneArgs),

    /// Take over what threads of Zed's own agent have come to
    ///
    /// Without PATH those of threads.db where Zed keeps it. By what a thread has grown since the last import is
    /// booked, as an estimate: the number of requests is not known.
    Zed(agents::OneArgs),

    /// Take over what sessions of Goose have come to
    ///
    /// Without PATH those of sessions.db where Goose keeps it. By what a session has grown since the last import is
    /// booked, as an estimate: neither the number of requests is known, nor what came from a cache.
    Goose(agents::OneArgs),

    /// Take over what sessions of Droid have come to
    ///
    /// Without PATH those below $DROID_SESSIONS_DIR, or ~/.factory/sessions. By what a session has grown since the
    /// last import is booked, as an estimate: the number of requests is not known.
    Droid(agents::OneArgs),

    /// Say why nothing can be taken over from Cursor
    #[command(hide = true)]
    Cursor,

    /// Say why nothing can be taken over from Aider
    #[command(hide = true)]
    Aider,

    /// Say why nothing can be taken over from Crush
    #[command(hide = true)]
    Crush,
}

/// What every source takes.
#[derive(Debug, clap::Args)]
struct SourceArgs {
    /// Where it is [default: where its program keeps it]
    path: Option<PathBuf>,

    /// Look at everything again, not only at what is new
    ///
    /// What is in the ledger is still not counted twice, and what was refused is named again. What was pruned or deleted
    /// does not come back: the ledger refuses what is as old, until `usage retain --reset-horizon`.
    #[arg(long)]
    rescan: bool,

    /// Go on looking for what is new, every second, until interrupted
    #[arg(short, long)]
    watch: bool,
}

/// The interval at which a source that is watched is looked at.
const POLL: Duration = Duration::from_secs(1);

/// The time for which a ledger that takes nothing is tried once watching is to end.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    match &args.source {
        Source::Ccrouter(args) => import::<Ccrouter>(args, context),
        Source::Agents(args) => agents::run_all(args, context),
        Source::ClaudeCode(args) => agents::run_one("claude-code", args, context),
        Source::Codex(args) => agents::run_one("codex", args, context),
        Source::Opencode(args) => agents::run_one("opencode", args, context),
        Source::GeminiCli(args) => agents::run_one("gemini-cli", args, context),
        Source::Copilot(args) => agents::run_one("copilot", args, context),
        Source::Pi(args) => agents::run_one("pi", args, context),
        Source::QwenCode(args) => agents::run_one("qwen-code", args, context),
        Source::Cline(args) => agents::run_one("cline", args, context),
        Source::RooCode(args) => agents::run_one("roo-code", args, context),
        Source::KiloCode(args) => agents::run_one("kilo-code", args, context),
        Source::Amp(args) => agents::run_one("amp", args, context),
        Source::Kimi(args) => agents::run_one("kimi", args, context),
        Source::Zed(args) => agents::run_one("zed", args, context),
        Source::Goose(args) => agents::run_one("goose", args, context),
        Source::Droid(args) => agents::run_one("droid", args, context),
        Source::Cursor => Err(agents::unreadable("cursor")),
        Source::Aider => Err(agents::unreadable("aider")),
        Source::Crush => Err(agents::unreadable("crush")),
    }
}

fn import<O: Origin>(args: &SourceArgs, context: &Context) -> Result<u8, CliError> {
    let path = match &args.path {
        Some(path) => path.clone(),
        None => default_path(O::BELOW_HOME)?,
    };
    // First of all, so that no ledger is made for nothing.
    O::check(&path).map_err(hinted::<O>)?;
    let store = context.open_or_create()?;
    context.recover(&store)?;
    let mut importer = O::open(&path, &store).map_err(hinted::<O>)?;

    let interrupts = Interrupts::catch()?;
    let bar = progress::bar("{wide_bar} {human_pos} of {human_len} rows, {eta}", context.quiet);
    let name = path.display();
    let mut options = ImportOptions::default();
    options.rescan = args.rescan;
    if args.watch {
        (options.watch, options.patience) = (Some(POLL), PATIENCE);
    }
    let (mut done, mut complaints) = (ImportSummary::default(), Complaints::default());
    let imported = run_import(&store, &mut importer, &options, &mut |event| {
        match event {
            ImportEvent::Refused { place, why } => {
                let kept = why.reason().map_or("", where_kept);
                let place = format!("{name}:{place}");
                bar.suspend(|| complaints.print(&place, &format!("{why}{kept}")));
            }
            ImportEvent::Gap(gap) => bar.suspend(|| output::note(&format!("{name}: {gap}"))),
            ImportEvent::Trouble(error) => {
                output::note(&format!("note: {}; trying again", chain(error)));
            }
            ImportEvent::Progress { summary, left_at_most } => {
                done = summary;
                bar.set_length(summary.items().saturating_add(left_at_most));
                bar.set_position(summary.items());
            }
            ImportEvent::Idle if !bar.is_finished() => bar.finish_and_clear(),
            _ => {}
        }
        if interrupts.came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    bar.finish_and_clear();
    complaints.sum_up();
    // What was done until it failed is done.
    let summary = *imported.as_ref().unwrap_or(&done);
    if !context.quiet && (imported.is_ok() || args.watch) {
        output::print(&format!("{}\n", broken(&line(&summary), context.width())))?;
    }
    imported?;
    if summary.is_stopped && !args.watch {
        return Err(CliError::failed("interrupted, the rest was not imported")
            .hint("the same command goes on from there"));
    }
    Ok(if summary.refused > 0 { exit_codes::INPUT_REFUSED } else { exit_codes::DONE })
}

/// Says where it usually is, to those who named something else.
fn hinted<O: Origin>(error: ImportError) -> CliError {
    let is_elsewhere = error.hint() == Some(Hint::NameSource);
    let error = CliError::from(error);
    if !is_elsewhere {
        return error;
    }
    let (program, place) = (O::PROGRAM, O::BELOW_HOME);
    error.hint(format!("{program} keeps it at ~/{place}; PATH names another"))
}

fn default_path(below_home: &str) -> Result<PathBuf, CliError> {
    let home = etcetera::home_dir().map_err(|_| {
        CliError::failed("the home folder is unknown").hint("name the database to import from")
    })?;
    Ok(home.join(below_home))
}

fn line(summary: &ImportSummary) -> String {
    let mut line = format!(
        "Rows: {}  |  Imported: {}{}  |  Already there: {}  |  Refused: {}",
        format_count(summary.items()),
        format_count(summary.imported),
        amounts::amended(summary.amended),
        format_count(summary.already_there),
        format_count(summary.refused),
    );
    if summary.from_earlier_imports > 0 {
        let before = format_count(summary.from_earlier_imports);
        line.push_str(&format!("  |  From earlier imports: {before}"));
    }
    line
}
