//! `usage retain`

use std::fmt::Write as _;

use usage_core::Timestamp;
use usage_core::format::format_count;
use usage_store::{Age, Policy, Retained, RetentionPlan, SessionsKept, Store};

use super::prune::{NOTHING_DELETED, age_hint, delete, insisted, instant, shown};
use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output};

/// State how long records, their sums and sessions are kept, and carry it out
///
/// Without options it shows what is stated. What is stated is kept in the ledger and deletes
/// nothing by itself: that is for --apply, from a timer for instance. Records older than --rows go
/// then and are refused from then on, and what they add up to stays until it is older than --sums.
/// Both are kept forever unless something else is stated. What sessions come to goes with the sums,
/// unless --sessions states an age of their own.
///
/// A now that the variable USAGE_NOW sets is not heeded here, only the option --now.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How long records are kept: an age (30d, 8w, 24h, 90m; a day has 24 hours)
    #[arg(long, value_name = "AGE|forever", allow_hyphen_values = true)]
    rows: Option<String>,

    /// How long what they add up to is kept; not shorter than the records
    #[arg(long, value_name = "AGE|forever", allow_hyphen_values = true)]
    sums: Option<String>,

    /// How long sessions are kept, from their last record on; not shorter than the records. `sums`: as
    /// long as the sums
    #[arg(long, value_name = "AGE|forever|sums", allow_hyphen_values = true)]
    sessions: Option<String>,

    /// Delete what is older
    #[arg(long, conflicts_with_all = ["rows", "sums", "sessions"])]
    apply: bool,

    /// Only show what --apply would delete
    #[arg(long, requires = "apply", conflicts_with_all = ["rows", "sums", "sessions", "reset_horizon"])]
    dry_run: bool,

    /// Carry --apply out though now lies far from all that the ledger knows of
    ///
    /// More than 92 days from the newest record or the nows of earlier deletions: as a rule a clock is
    /// wrong then.
    #[arg(long, requires = "apply", conflicts_with_all = ["rows", "sums", "sessions", "reset_horizon"])]
    force: bool,

    /// Accept older records again, where a wrong clock had them refused
    ///
    /// Those from an age, a date or an instant on; without one, as old ones as is safe. Never such as
    /// only sums are left of, which would be counted twice. No sum changes.
    #[arg(long, value_name = "AGE|DATE", num_args = 0..=1, default_missing_value = "")]
    #[arg(conflicts_with_all = ["rows", "sums", "sessions", "apply"])]
    reset_horizon: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  usage retain --rows 30d --sums forever
  usage retain --apply --dry-run
  usage retain --apply --quiet
  usage retain --reset-horizon";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let (rows, sums) = (age("--rows", args.rows.as_deref())?, age("--sums", args.sums.as_deref())?);
    let sessions = match args.sessions.as_deref() {
        Some("sums") => Some(SessionsKept::WithRollups),
        text => {
            age("--sessions", text)?.map(|age| age.map_or(SessionsKept::Forever, SessionsKept::For))
        }
    };
    let store = context.open_existing()?;
    if args.apply {
        return apply(args, context, &store);
    }
    if let Some(to) = &args.reset_horizon {
        return reset_horizon(to, context, &store);
    }
    if rows.is_none() && sums.is_none() && sessions.is_none() {
        output::print(&stated(&store.retention().read()?, context))?;
        return Ok(exit_codes::DONE);
    }
    let is = store.retention().read()?.policy;
    let policy = Policy::new(rows.unwrap_or(is.rows()), sums.unwrap_or(is.rollups()))
        .map_err(|error| CliError::from(error).hint("--rows and --sums state both at once"))?
        .with_sessions(sessions.unwrap_or(is.sessions()))
        .map_err(|error| CliError::from(error).hint("--rows and --sessions state both at once"))?;
    store.retention().set(&policy)?;
    if !context.quiet {
        output::print(&stated(&store.retention().read()?, context))?;
    }
    Ok(exit_codes::DONE)
}

fn apply(args: &Args, context: &Context, store: &Store) -> Result<u8, CliError> {
    if !args.dry_run {
        // So that the plan is about all that will go.
        context.recover(store)?;
    }
    let plan = RetentionPlan::new(store, Timestamp::from(context.now()))?;
    let plan = if args.force { plan.insist() } else { plan };
    if args.dry_run {
        context.note_waiting(store, "plan");
    }
    if args.dry_run || !context.quiet {
        output::print(&planned(&plan, context))?;
    }
    insisted(plan.doubt(), args.force)?;
    if args.dry_run {
        output::print(NOTHING_DELETED)?;
    } else if plan.all.is_some() || plan.rows.is_some() || plan.sessions.is_some() {
        delete(context, store, plan.records(), plan)?;
    }
    Ok(exit_codes::DONE)
}

/// Takes the horizon back, and says what that means.
fn reset_horizon(to: &str, context: &Context, store: &Store) -> Result<u8, CliError> {
    let to = match to {
        "" => None,
        to => Some(instant("--reset-horizon", to, context)?),
    };
    let reset = store.retention().reset_horizon(to)?;
    if context.quiet {
        return Ok(exit_codes::DONE);
    }
    let at = |timestamp| amounts::instant(timestamp, context.zone());
    let mut text = match (reset.was, reset.records_from) {
        (None, _) => "Records of any age are accepted: there is no horizon\n".to_owned(),
        (Some(was), None) => {
            format!("Records of any age are accepted again, not only from {} on\n", at(was))
        }
        (Some(was), Some(from)) if was == from => {
            format!("Records are accepted from {} on, as before\n", at(from))
        }
        (Some(was), Some(from)) => {
            format!("Records are accepted from {} on, not only from {} on\n", at(from), at(was))
        }
    };
    // Writing to a string cannot fail.
    if let Some(floor) = reset.floor.filter(|floor| reset.records_from == Some(*floor)) {
        let _ = writeln!(text, "Of what is older than {} only sums are left", at(floor));
    }
    let quarantined = store.quarantine().size()?.records;
    if quarantined > 0 {
        let records = amounts::records(quarantined);
        let _ = writeln!(text, "Quarantined: {records}, see `usage doctor --retry-quarantine`");
    }
    output::print(&text)?;
    Ok(exit_codes::DONE)
}

/// Returns the value that an option states: nothing, forever, or an age.
fn age(option: &str, text: Option<&str>) -> Result<Option<Option<Age>>, CliError> {
    match text {
        None => Ok(None),
        Some("forever") => Ok(Some(None)),
        Some(text) => match text.parse::<Age>() {
            Ok(age) if !age.is_zero() => Ok(Some(Some(age))),
            _ => Err(CliError::usage(format!("{option} {text:?} is not an age"))
                .hint(age_hint(text, "an age such as 30d, 24h, 90m or 8w, or forever"))),
        },
    }
}

/// Returns the times for which things are kept, and since when, for people.
fn stated(retention: &Retained, context: &Context) -> String {
    // A month is what `m` is taken for elsewhere.
    let kept = |age: Option<Age>| match age.map(|age| age.to_string()) {
        None => "forever".to_owned(),
        Some(age) if age.ends_with('m') => format!("for {age} (m: minutes)"),
        Some(age) => format!("for {age}"),
    };
    let policy = &retention.policy;
    let mut text =
        format!("Records are kept {}, sums {}\n", kept(policy.rows()), kept(policy.rollups()));
    match policy.sessions() {
        SessionsKept::WithRollups => {}
        SessionsKept::Forever => text += "Sessions are kept forever\n",
        SessionsKept::For(age) => text += &format!("Sessions are kept {}\n", kept(Some(age))),
    }
    let at = |timestamp| amounts::instant(timestamp, context.zone());
    // Writing to a string cannot fail.
    if let Some(from) = retention.records_from {
        let _ = writeln!(text, "Records older than {} are refused: such were deleted", at(from));
        if from > context.now_timestamp() {
            text += "That is still to come: `usage retain --reset-horizon` takes it back\n";
        }
    }
    if let Some(from) = retention.rows_from {
        let _ = writeln!(text, "Of what is older than {} only sums are left", at(from));
    }
    text
}

/// Returns the plan, for people.
fn planned(plan: &RetentionPlan, context: &Context) -> String {
    let mut plans: String = [&plan.all, &plan.rows]
        .into_iter()
        .flatten()
        .map(|plan| shown(plan, context.zone()))
        .collect();
    if let Some(plan) = &plan.sessions {
        let at = amounts::instant(plan.before, context.zone());
        let count = format_count(plan.sessions);
        plans += &match plan.sessions {
            0 => format!("Nothing of sessions that ended before {at}\n"),
            1 => format!("1 session that ended before {at}\n"),
            _ => format!("{count} sessions that ended before {at}\n"),
        };
    }
    if plans.is_empty() { "Everything is kept forever\n".to_owned() } else { plans }
}
