//! What the ledger says of the day, the session and the block that is under way.

use usage_core::format::TextOptions;
use usage_core::period::parse_period;
use usage_core::query::{Block, Limits, Listing, Pace, Selection, SessionOrder};
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
    /// The way costs are shown.
    pub(super) options: TextOptions,
}

const HOUR: i64 = 3_600_000_000;
/// The numbers of sessions that are looked through.
const NEWEST: [usize; 2] = [4, 24];

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
        session: session(&store, question, &of(last_day(now)))?,
        today: Some(totals),
        block: block(&store, &question.instance, now, limits)?,
        options: context.text_options(),
    })
}

/// The range of the last day: from a whole hour on, so that sums tell it without records.
fn last_day(now: Timestamp) -> TimeRange {
    let start = (now.as_micros().div_euclid(HOUR) - 24) * HOUR;
    TimeRange { start: Some(Timestamp::from_micros(start)), end: None }
}

/// Looks for the session among the newest: a session that an agent is in is mostly one of the first few.
fn session(
    engine: &dyn Engine,
    question: &Question,
    of: &Selection<'_>,
) -> Result<Option<Summary>, CliError> {
    let Some(id) = &question.session else { return Ok(None) };
    for top in NEWEST {
        let listing = Listing { order: SessionOrder::Last, top: Some(top) };
        let sessions = engine.sessions(of, listing)?.unwrap_or_default();
        let found = sessions.iter().find(|session| session.id == *id);
        if found.is_some() || sessions.len() < top {
            return Ok(found.map(|session| session.totals));
        }
    }
    Ok(None)
}

fn block(
    engine: &dyn Engine,
    instance: &str,
    now: Timestamp,
    limits: &Limits,
) -> Result<Option<(Summary, Pace)>, CliError> {
    let block = Block::under_way(engine, instance, now, limits)?;
    Ok(block.and_then(|block| Some((block.totals, block.pace(now)?))))
}

/// The share of the input that came from a cache, in percent.
pub(super) fn cache_share(of: &Summary) -> Option<u64> {
    let kinds = [Measure::Input, Measure::CacheRead, Measure::CacheWrite].map(|kind| of[kind]);
    let whole = kinds.iter().map(|kind| u128::from(*kind)).sum::<u128>();
    let share = (u128::from(kinds[1]) * 100).checked_div(whole)?;
    u64::try_from(share).ok()
}
