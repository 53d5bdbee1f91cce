//! Questions about records, who answers them, and the report that comes of it.
//!
//! [`report`] takes a [`ReportQuery`] to any [`Engine`] and returns an owned [`Report`], which every format prints.

mod blocks;
mod countable;
mod engine;
mod limits;
mod listed;
mod lists;
mod report;
mod selection;
mod sessions;

pub use blocks::{BLOCK, Block, Pace};
pub use engine::{Engine, PricedRecords, Records};
pub use limits::{Cancel, Limits};
pub use lists::{BlockList, SessionList};
pub use report::{Report, ReportQuery};
pub use selection::{Bounds, Calendar, Freshness, Order, Seen, Selection};
pub use sessions::{Listing, Session, SessionOrder, UnknownOrder};

use crate::stats::{Grouping, Series, Summary, Table};
use crate::{Error, Period, TimeRange};

/// Asks an engine for a report.
///
/// A period that begins or ends at now is moved to instants that can be told apart where only rollups are left; the
/// report's period then has a note that says so.
///
/// # Errors
/// When the engine has no complete answer.
pub fn report(engine: &dyn Engine, query: &ReportQuery) -> Result<Report, Error> {
    let mut report = report_of_period(engine, query)?;
    report.previous = previous(engine, query);
    Ok(report)
}

/// The sum of the period before. What cannot be counted there is no fault of the report's.
fn previous(engine: &dyn Engine, query: &ReportQuery) -> Option<(Period, Summary)> {
    let period = query.period.previous().filter(|_| query.beside_previous)?;
    let of = Selection::new(TimeRange::from(period), &query.filter).within(query.limits.clone());
    Some((period.clone(), engine.totals(&of).ok()?.summary()))
}

fn report_of_period(engine: &dyn Engine, query: &ReportQuery) -> Result<Report, Error> {
    let period = countable::period(engine, query)?;
    let filter = query.filter.clone();
    let tags: Vec<_> = query.by.iter().flat_map(Grouping::tags).collect();
    let of = Selection::new(TimeRange::from(&period), &filter)
        .told_apart_by(&tags)
        .within(query.limits.clone());
    let Some(by) = query.by.clone() else {
        let usage = engine.totals(&of)?;
        return Ok(Report::sorted(period, filter, usage, query.top, query.sort));
    };
    let by = report::in_order(by, query.sort);
    if let Some(list) = by.list() {
        let rows = listed::rows(engine, &of, list, period.zone())?;
        return Ok(Report::by(period, filter, Table::listed(by, rows, query.top)));
    }
    let series = match by.unit(query.week_start) {
        None => Series::whole(engine.totals(&of)?),
        Some(unit) => {
            let calendar = Calendar { unit, zone: period.zone() };
            match by.is_time_alone() {
                true => engine.series_of_all(&of, calendar)?,
                false => engine.series(&of, calendar)?,
            }
        }
    };
    let table = Table::new(by, &series, query.top);
    Ok(Report::by(period, filter, table))
}
