//! A report: what is asked, and what comes out.

use super::Limits;
use crate::period::WeekStart;
use crate::stats::{Aggregates, Grouping, Series, Sort, Summary, Table};
use crate::{Filter, Period};

/// The question that a report answers.
///
/// ```
/// use usage_core::{Filter, Period, ReportQuery};
///
/// let query = ReportQuery::new(Period::all_time(chrono_tz::UTC))
///     .with_filter(Filter::instance("router-1"))
///     .by("day,model".parse()?)
///     .top(3);
/// assert_eq!(query.top, Some(3));
/// # Ok::<(), usage_core::stats::GroupingError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReportQuery {
    /// The period.
    pub period: Period,
    /// The records of it that count.
    pub filter: Filter,
    /// The way they are grouped; `None`: by route, and by model.
    pub by: Option<Grouping>,
    /// The order of its groups; `None`: that of the grouping.
    pub sort: Option<Sort>,
    /// True if the [period before](Period::previous) is counted too, where there is one.
    pub beside_previous: bool,
    /// The day that weeks begin on, where it is grouped by week.
    pub week_start: WeekStart,
    /// The number of groups to show of each table, those with the most tokens; `None` shows all.
    pub top: Option<usize>,
    /// The time that the answer may take.
    pub limits: Limits,
}

impl ReportQuery {
    /// Asks for all records of a period, by route and by model.
    #[must_use]
    pub fn new(period: Period) -> Self {
        Self {
            period,
            filter: Filter::new(),
            by: None,
            sort: None,
            beside_previous: false,
            week_start: WeekStart::default(),
            top: None,
            limits: Limits::none(),
        }
    }

    /// Asks only for records that pass the filter.
    #[must_use]
    pub fn with_filter(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// Groups them otherwise.
    #[must_use]
    pub fn by(self, by: Grouping) -> Self {
        Self { by: Some(by), ..self }
    }

    /// Sorts the groups otherwise.
    #[must_use]
    pub fn sorted_by(self, sort: Sort) -> Self {
        Self { sort: Some(sort), ..self }
    }

    /// Sets the day that weeks begin on.
    #[must_use]
    pub fn with_week_start(self, week_start: WeekStart) -> Self {
        Self { week_start, ..self }
    }

    /// Shows so many groups of each table, those with the most tokens.
    #[must_use]
    pub fn top(self, top: usize) -> Self {
        Self { top: Some(top), ..self }
    }

    /// Sets how long the answer may take.
    #[must_use]
    pub fn within(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }
}

/// The subject and the findings of a report, ready to be printed in any form. Owned: nothing of the engine is needed
/// any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The period. Where it is another than was asked for, it has a [note](Period::note).
    pub period: Period,
    /// The records of it that count.
    pub filter: Filter,
    /// Their sum.
    pub summary: Summary,
    /// The period before and the sum of its records, where it was asked for, there is one, and it can be counted.
    pub previous: Option<(Period, Summary)>,
    /// Their sums by group: routes and models, or whatever was asked for.
    pub tables: Vec<Table>,
    /// Of which both lists are, where these are its tables: forms for programs have one table of it.
    #[cfg(feature = "csv")]
    lists_of: Option<(Series, Option<usize>, Option<Sort>)>,
}

impl Report {
    /// Makes a report of totals that are at hand: by route and by model.
    #[must_use]
    pub fn of(period: Period, filter: Filter, usage: Aggregates, top: Option<usize>) -> Self {
        Self::sorted(period, filter, usage, top, None)
    }

    /// As [`of`](Self::of), in an order that somebody asks for.
    pub(super) fn sorted(
        period: Period,
        filter: Filter,
        usage: Aggregates,
        top: Option<usize>,
        sort: Option<Sort>,
    ) -> Self {
        let summary = usage.summary();
        let series = Series::whole(usage);
        let lists = [Grouping::routes(), Grouping::models()];
        let tables = lists.map(|by| Table::of(in_order(by, sort), &series, top, summary)).into();
        Self {
            period,
            filter,
            summary,
            previous: None,
            tables,
            #[cfg(feature = "csv")]
            lists_of: Some((series, top, sort)),
        }
    }

    /// Makes a report of one table.
    #[must_use]
    pub fn by(period: Period, filter: Filter, table: Table) -> Self {
        Self {
            period,
            filter,
            summary: *table.summary(),
            previous: None,
            tables: vec![table],
            #[cfg(feature = "csv")]
            lists_of: None,
        }
    }

    /// Returns in one table what the lists of routes and of models show in two; `None` where it has no lists.
    #[cfg(feature = "csv")]
    pub(crate) fn lists_as_one(&self) -> Option<Table> {
        let (series, top, sort) = self.lists_of.as_ref()?;
        Some(Table::new(in_order(Grouping::routes_and_models(), *sort), series, *top))
    }
}

/// In the order that somebody asks for, if anybody does.
pub(super) fn in_order(by: Grouping, sort: Option<Sort>) -> Grouping {
    match sort {
        Some(sort) => by.sorted_by(sort),
        None => by,
    }
}
