//! What the ledger says of the day, the session and the block that is under way.

use usage_core::period::parse_period;
use usage_core::query::{Limits, Listing, Pace, Selection};
use usage_core::stats::Summary;
use usage_core::{Engine, Filter, Measure, TimeRange, Timestamp};

use crate::context::Context;
use crate::error::CliError;

/// What the ledger is asked for.
pub(super) struct Question {
    pub(super) instance: String,
    pub(super) session: Option<String>,
}

/// What it says. `None`: it has nothing of that kind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Figures {
    pub(super) session: Option<Summary>,
    pub(super) today: Option<Summary>,
    pub(super) block: Option<(Summary, Pace)>,
}

const HOUR: i64 = 3_600_000_000;

pub(super) fn ask(
    context: &Context,
    question: &Question,
    limits: &Limits,
) -> Result<Figures, CliError> {
    let store = context.open_existing()?;
    let today = parse_period("today", context.now())?;
    let filter = Filter::instance(&question.instance);
    let of = |range| Selection::new(range, &filter).within(limits.clone());
    let totals = store.totals(&of(TimeRange::from(&today)))?.summary();
    let now = context.now_timestamp();
    Ok(Figures {
        session: session(&store, question, &of(since(now, 24)))?,
        today: Some(totals),
        block: block(&store, &of(since(now, 5)), now)?,
    })
}

/// The range from so many whole hours before now on: sums tell it without records.
fn since(now: Timestamp, hours: i64) -> TimeRange {
    let start = (now.as_micros().div_euclid(HOUR) - hours) * HOUR;
    TimeRange { start: Some(Timestamp::from_micros(start)), end: None }
}

fn session(
    engine: &dyn Engine,
    question: &Question,
    of: &Selection<'_>,
) -> Result<Option<Summary>, CliError> {
    let Some(id) = &question.session else { return Ok(None) };
    let sessions = engine.sessions(of, Listing::default())?.unwrap_or_default();
    Ok(sessions.into_iter().find(|session| session.id == *id).map(|session| session.totals))
}

fn block(
    engine: &dyn Engine,
    of: &Selection<'_>,
    now: Timestamp,
) -> Result<Option<(Summary, Pace)>, CliError> {
    let blocks = engine.blocks(of)?;
    Ok(blocks.iter().find_map(|block| Some((block.totals, block.pace(now)?))))
}

/// The share of the input that came from a cache, in percent.
pub(super) fn cache_share(of: &Summary) -> Option<u64> {
    let kinds = [Measure::Input, Measure::CacheRead, Measure::CacheWrite].map(|kind| of[kind]);
    let whole = kinds.iter().map(|kind| u128::from(*kind)).sum::<u128>();
    let share = (u128::from(kinds[1]) * 100).checked_div(whole)?;
    u64::try_from(share).ok()
}
