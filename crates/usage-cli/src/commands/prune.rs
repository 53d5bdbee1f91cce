//! `usage prune`

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset, NaiveDate, Timelike as _};
use chrono_tz::Tz;
use usage_core::Timestamp;
use usage_core::format::format_count;
use usage_core::period::parse_period;
use usage_core::text::is_no_day;
use usage_store::{Age, DeletionPlan, Doubt, PruneOptions, PrunePlan, Store, StoreError};

use crate::context::Context;
use crate::error::CliError;
use crate::{amounts, exit_codes, output, progress};

/// Delete the records that are older than an age or a date
///
/// Says first what it is about to delete, and then what it has deleted. Other programs can go on
/// recording meanwhile; interrupted, it has deleted the oldest, and can be run again. Records that
/// are older than the instant are refused from then on, so that none comes back.
///
/// What the records add up to goes too, unless --keep-sums: then reports over whole quarters of an
/// hour, days and months stay what they were.
///
/// A now that the variable USAGE_NOW sets is not heeded here, only the option --now.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What is older than this goes, what is of this very instant stays
    ///
    /// An age (30d, 8w, 24h, 90m; a day has 24 hours), a date (YYYY-MM-DD: the start of that day
    /// in your time zone), or an RFC 3339 instant.
    #[arg(long, value_name = "AGE|DATE", allow_hyphen_values = true)]
    before: String,

    /// Keep what the records add up to, by quarter of an hour, so that reports stay what they were
    ///
    /// The instant is moved back to a whole quarter of an hour.
    #[arg(long)]
    keep_sums: bool,

    /// Only show what would go
    #[arg(long)]
    dry_run: bool,

    /// Carry it out though the instant lies far after all that the ledger knows of
    ///
    /// More than 92 days after the newest record, or reckoned from a now that is as far from it and from
    /// the nows of earlier deletions: as a rule a clock is wrong then.
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  usage prune --before 90d --dry-run
  usage prune --before 90d --keep-sums
  usage prune --before 2026-01-01";

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let before = instant("--before", &args.before, context)?;
    let store = context.open_existing()?;
    if !args.dry_run {
        // So that the plan is about all that will go.
        context.recover(&store)?;
    }
    let options = PruneOptions::new().with_keep_rollups(args.keep_sums);
    let options = match args.before.parse::<Age>() {
        // What was reckoned from now is as right as the clock.
        Ok(_) => options.with_now(context.now().into()),
        Err(_) => options,
    };
    let plan = PrunePlan::new(&store, before, &options)?;
    let plan = if args.force { plan.insist() } else { plan };
    if args.dry_run {
        context.note_waiting(&store, "plan");
    }
    if args.dry_run || !context.quiet {
        let moved = moved(&plan, before, context.zone());
        output::print(&format!("{moved}{}", shown(&plan, context.zone())))?;
    }
    insisted(plan.doubt, args.force)?;
    if args.dry_run {
        output::print(NOTHING_DELETED)?;
        return Ok(exit_codes::DONE);
    }
    delete(context, &store, plan.records, plan)?;
    Ok(exit_codes::DONE)
}

/// The last words of a plan that is not carried out.
pub(super) const NOTHING_DELETED: &str = "Nothing was deleted: --dry-run\n";

/// An error where a deletion can hardly be meant, and nobody insists.
pub(super) fn insisted(doubt: Option<Doubt>, force: bool) -> Result<(), CliError> {
    match doubt.filter(|_| !force) {
        Some(doubt) => Err(StoreError::Doubtful { doubt }.into()),
        None => Ok(()),
    }
}

/// Deletes with a bar, and tells what was deleted, whether all of it was or not.
pub(super) fn delete(
    context: &Context,
    store: &Store,
    records: u64,
    plan: impl Into<DeletionPlan>,
) -> Result<(), CliError> {
    let bar = progress::bar("{wide_bar} {human_pos} of {human_len} deleted", context.quiet);
    bar.set_length(records);
    let deletion = store.delete(plan, |gone| bar.set_position(gone));
    bar.finish_and_clear();
    // What is gone by then is gone.
    let deletion = deletion.inspect_err(|error| tell(context, error))?;
    if !context.quiet {
        output::note_held_back(&deletion.space);
        let given_back = deletion.space.bytes_given_back();
        output::print(&done(deletion.records, deletion.requests, given_back))?;
    }
    Ok(())
}

/// Says so where the plan is about another instant than was asked for.
fn moved(plan: &PrunePlan, asked: Timestamp, zone: Tz) -> String {
    if plan.before == asked {
        return String::new();
    }
    let asked = amounts::instant(asked, zone);
    format!("Sums are kept by quarter of an hour, so {asked} is moved back to the last one\n")
}

/// Returns the plan, for people.
pub(super) fn shown(plan: &PrunePlan, zone: Tz) -> String {
    let at = |timestamp| amounts::instant(timestamp, zone);
    let stay = if plan.keep_rollups { ", whose sums stay" } else { "" };
    let mut text =
        format!("Older than {}: {}{stay}\n", at(plan.before), amounts::records(plan.records));
    // Writing to a string cannot fail.
    for (name, timestamp) in [("oldest", plan.oldest), ("newest", plan.newest)] {
        if let Some(timestamp) = timestamp {
            let _ = writeln!(text, "  {name}  {}", at(timestamp));
        }
    }
    text + &summed(plan.rollups, plan.requests)
}

/// A line about sums without records that go too, if any do.
pub(super) fn summed(sums: u64, requests: u64) -> String {
    if sums == 0 {
        return String::new();
    }
    let quarters = if sums == 1 { "quarter" } else { "quarters" };
    let (sums, of) = (format_count(sums), amounts::requests(requests));
    format!("  and sums without records of {sums} {quarters} of an hour: {of}\n")
}

/// Returns the result, as the other commands that delete tell it too.
pub(super) fn done(deleted: u64, requests: u64, given_back: u64) -> String {
    let sums = match requests {
        0 => String::new(),
        requests => format!("  |  Sums of requests: {}", format_count(requests)),
    };
    let deleted = format_count(deleted);
    format!("Deleted: {deleted}{sums}  |  Given back: {}\n", amounts::bytes(given_back))
}

/// Tells what a deletion that has failed had done until then: the failure is the error to be told, whatever becomes of
/// this.
pub(super) fn tell(context: &Context, error: &StoreError) {
    let (records, requests) = match error {
        StoreError::Unfinished { records, requests, .. } => (*records, *requests),
        _ => (0, 0),
    };
    if !context.quiet {
        let _ = output::print(&done(records, requests, 0));
    }
}

/// The instant that an age, a date or an instant stands for.
pub(super) fn instant(option: &str, text: &str, context: &Context) -> Result<Timestamp, CliError> {
    if date(text).is_some() {
        context.check_zone()?;
    }
    instant_at(option, text, context.now())
}

fn instant_at(option: &str, text: &str, now: DateTime<Tz>) -> Result<Timestamp, CliError> {
    let (zone, day) = (now.timezone(), now);
    let now = Timestamp::from(now);
    let age = text.parse::<Age>().ok();
    let before = age
        .map(|age| age.before(now))
        .or_else(|| date(text).map(|_| Some(parse_period(text, day).ok()?.start()?.into())))
        .or_else(|| outside_leap_seconds(text).map(|at| Some(at.into())))
        .flatten()
        .ok_or_else(|| {
            const FORMS: &str = "an age such as 30d, 24h, 90m or 8w, a day such as 2026-05-03, or an \
                                 instant such as 2026-05-03T13:56:01+08:00";
            if is_no_day(text) {
                return CliError::usage(format!("{option} {text:?}: there is no such day"));
            }
            if DateTime::parse_from_rfc3339(text).is_ok() {
                let why = "is in a leap second, which no ledger has: write the second after";
                return CliError::usage(format!("{option} {text:?} {why}"));
            }
            CliError::usage(format!("{option} {text:?} is neither an age nor a date"))
                .hint(age_hint(text, FORMS))
        })?;
    if before >= now {
        let [before, now] = [before, now].map(|at| amounts::instant(at, zone));
        let message = format!("{option} {text:?} is not in the past: it is {before}, now is {now}");
        return Err(CliError::usage(message)
            .hint("`usage delete --all` deletes everything, if that is what you want"));
    }
    Ok(before)
}

/// An RFC 3339 instant, as records and periods take it too: one in a leap second would be that of the next minute.
fn outside_leap_seconds(text: &str) -> Option<DateTime<FixedOffset>> {
    const SECOND: u32 = 1_000_000_000;
    DateTime::parse_from_rfc3339(text).ok().filter(|at| at.nanosecond() < SECOND)
}

/// The hint for what is no age: what was meant, where that can be told.
pub(super) fn age_hint(text: &str, otherwise: &str) -> String {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, word) = text.split_at(end);
    let days = match word.trim().to_ascii_lowercase().as_str() {
        "mo" | "mon" | "month" | "months" => 30,
        "y" | "yr" | "year" | "years" => 365,
        _ => return otherwise.to_owned(),
    };
    match digits.parse::<u64>().ok().and_then(|number| number.checked_mul(days)) {
        Some(days) if days > 0 => {
            format!("months and years have no fixed length: {days}d is about as long")
        }
        _ => otherwise.to_owned(),
    }
}

/// The age that an option states.
pub(super) fn age_of(option: &str, text: &str) -> Result<Age, CliError> {
    text.parse().ok().filter(|age: &Age| !age.is_zero()).ok_or_else(|| {
        CliError::usage(format!("{option} {text:?} is not an age"))
            .hint(age_hint(text, "an age such as 30d, 24h, 90m or 8w"))
    })
}

/// Exactly `YYYY-MM-DD`, of the calendar.
pub(super) fn date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10)
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::*;

    fn of(text: &str) -> Result<String, String> {
        // Half a year after clocks in Berlin were changed.
        let now = Utc.with_ymd_and_hms(2026, 5, 3, 12, 0, 0).unwrap();
        let zone = Tz::Europe__Berlin;
        match instant_at("--before", text, now.with_timezone(&zone)) {
            Ok(before) => Ok(amounts::instant(before, zone)),
            Err(error) => Err(error.message),
        }
    }

    #[test]
    fn ages_dates_and_instants() {
        for (text, before) in [
            ("30d", "2026-04-03T14:00:00+02:00"),
            // A day has 24 hours, though clocks were changed on 29 March.
            ("60d", "2026-03-04T13:00:00+01:00"),
            ("1w", "2026-04-26T14:00:00+02:00"),
            ("24h", "2026-05-02T14:00:00+02:00"),
            ("90m", "2026-05-03T12:30:00+02:00"),
            ("007d", "2026-04-26T14:00:00+02:00"),
            ("2026-05-03", "2026-05-03T00:00:00+02:00"),
            ("2026-01-01", "2026-01-01T00:00:00+01:00"),
            ("2026-05-03T11:59:59.999Z", "2026-05-03T13:59:59.999+02:00"),
            ("2026-05-03T11:59:59+08:00", "2026-05-03T05:59:59+02:00"),
        ] {
            assert_eq!(of(text).as_deref(), Ok(before), "{text}");
        }
    }

    #[test]
    fn what_is_not_in_the_past() {
        for text in ["0d", "0m", "2026-05-04", "2026-05-03T12:00:00Z", "2099-01-01T00:00:00Z"] {
            let message = of(text).unwrap_err();
            assert!(message.contains(" is not in the past: it is "), "{text}: {message}");
        }
    }

    #[test]
    fn anything_else() {
        let overflow = format!("{}w", i64::MAX);
        for text in [
            "",
            "d",
            "30",
            "30D",
            " 30d",
            "-1d",
            "+1d",
            "1.5d",
            "30s",
            "30d12h",
            "99999999999d",
            &overflow,
            "99999999999999999999d",
            "30\u{ff44}",
            "\u{663}d",
            "2026",
            "2026-05",
            "2026-5-3",
            "20260503",
            "yesterday",
            "2026-05-03T12:00:00",
            "2026-05-03T12:00",
            "2026-05-01..2026-05-03",
            "+2026-05-03",
        ] {
            let message = format!("--before {text:?} is neither an age nor a date");
            assert_eq!(of(text), Err(message));
        }
        for text in
            ["2026-02-29", "2026-13-01", "2026-02-30T00:00:00Z", "2026-04-31t12:00:00+02:00"]
        {
            assert_eq!(of(text), Err(format!("--before {text:?}: there is no such day")));
        }
        let message = of("2026-05-02T23:59:60Z").unwrap_err();
        assert!(message.contains(" is in a leap second"), "{message}");
    }
}
