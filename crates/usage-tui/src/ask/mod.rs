//! What a tab asks an engine, and the answer.

mod asker;
mod facts;

use std::sync::Arc;

use chrono::DateTime;
use chrono_tz::Tz;
use usage_core::period::{Period, PeriodOptions, parse_period_with};
use usage_core::query::{Bounds, Calendar, Limits, Listing, Selection, Session, SessionOrder};
use usage_core::stats::{Key, Series, Span, Summary, Table};
use usage_core::{Engine, Error, Filter, TimeRange, Timestamp};

pub(crate) use self::asker::{Asker, Gone};
pub(crate) use self::facts::ago;
use crate::facts::{Fact, Panel};
use crate::view::{By, Tab};

/// No more sessions are shown: nobody looks at so many.
const SESSIONS: usize = 500;

/// What a tab asks.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) tab: Tab,
    pub(crate) by: By,
    pub(crate) filter: Filter,
    pub(crate) order: SessionOrder,
    pub(crate) calendar: PeriodOptions,
    pub(crate) panel: Option<Arc<dyn Panel>>,
}

impl Question {
    /// Returns whether the answers to both may be compared: they are about the same things, at whatever time.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        (self.tab, self.by, self.order) == (other.tab, other.by, other.order)
            && self.filter == other.filter
    }

    /// The period that it is about now.
    pub(crate) fn period(&self, now: DateTime<Tz>) -> Option<Period> {
        parse_period_with(self.tab.period()?, now, self.calendar).ok()
    }

    /// Asks an engine.
    pub(crate) fn ask(
        &self,
        engine: &dyn Engine,
        now: DateTime<Tz>,
        limits: &Limits,
    ) -> Result<Answer, Error> {
        let Some(period) = self.period(now) else {
            return self.facts(engine, now, limits).map(Answer::Facts);
        };
        let of = Selection::new(TimeRange::from(&period), &self.filter).within(limits.clone());
        let (summary, content) = match self.tab.unit() {
            Some(unit) => {
                let series = engine.series_of_all(&of, Calendar { unit, zone: now.timezone() })?;
                let buckets = series.buckets().iter();
                let buckets = buckets.filter_map(|of| Some((of.span()?, of.usage().summary())));
                let buckets = buckets.collect();
                let table =
                    Table::new(self.by.grouping(), &Series::whole(engine.totals(&of)?), None);
                let summary = *table.summary();
                (summary, Content::Rows { rows: rows(&table), buckets })
            }
            None => {
                let listing = Listing { order: self.order, top: Some(SESSIONS) };
                let sessions = engine.sessions(&of, listing)?;
                let mut summary = Summary::default();
                for session in sessions.iter().flatten() {
                    summary.merge(&session.totals);
                }
                (summary, Content::Sessions(sessions))
            }
        };
        let before = match period.previous() {
            Some(before) if self.tab.unit().is_some() => {
                let of = Selection::new(TimeRange::from(before), &self.filter);
                let totals = engine.totals(&of.within(limits.clone()))?.summary();
                Some((before.name().to_owned(), totals))
            }
            _ => None,
        };
        // Where there is nothing, a person wants to know where there is.
        let bounds = if summary.requests == 0 { engine.bounds(limits)? } else { Bounds::default() };
        let waiting = engine.freshness(limits)?.backlog_of_stopped;
        let newest = bounds.newest;
        let usage = Usage { period, summary, before, content, newest, waiting };
        Ok(Answer::Usage(Box::new(usage)))
    }

    fn facts(
        &self,
        engine: &dyn Engine,
        now: DateTime<Tz>,
        limits: &Limits,
    ) -> Result<Vec<Fact>, Error> {
        let mut all = match self.tab {
            Tab::Status => facts::of_engine(engine, now, limits)?,
            _ => Vec::new(),
        };
        if let Some(panel) = &self.panel {
            all.extend(panel.facts(engine, Timestamp::from(now), limits)?);
        }
        Ok(all)
    }
}

fn rows(table: &Table) -> Vec<Row> {
    let rows = table.rows().iter().map(|row| {
        let names = row.keys.iter().filter_map(|key| match key {
            Key::Name(name) => Some(name.clone()),
            _ => None,
        });
        Row { names: names.collect(), totals: row.totals }
    });
    rows.collect()
}

/// The answer to a question.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Usage(Box<Usage>),
    Facts(Vec<Fact>),
}

/// What a period comes to.
#[derive(Clone, Debug)]
pub(crate) struct Usage {
    pub(crate) period: Period,
    pub(crate) summary: Summary,
    /// The name of the period before, and what that came to.
    pub(crate) before: Option<(String, Summary)>,
    pub(crate) content: Content,
    /// The time of the newest record of all, where the period has none.
    pub(crate) newest: Option<Timestamp>,
    /// The number of records that wait in journals of stopped programs, and are in none of these figures.
    pub(crate) waiting: u64,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Rows {
        rows: Vec<Row>,
        buckets: Vec<(Span, Summary)>,
    },
    /// `None` where the engine does not know sessions.
    Sessions(Option<Vec<Session>>),
}

/// A group of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// The names of the labels that it is grouped by.
    pub(crate) names: Vec<String>,
    pub(crate) totals: Summary,
}
