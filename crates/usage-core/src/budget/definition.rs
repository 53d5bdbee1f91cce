//! The definition of a budget.

use chrono_tz::Tz;

use super::{Amount, BudgetError};
use crate::period::{CycleDay, PeriodOptions, WeekStart, parse_period_with};
use crate::{Error, ErrorKind, Filter, Period, Timestamp};

/// The longest name, in bytes.
const MAX_NAME: usize = 64;

/// So much money or so many tokens each day, week, month or billing cycle.
///
/// It has a calendar of its own, so that every program that asks, in whatever zone, counts the same days.
///
/// ```
/// use usage_core::budget::{Amount, Budget, Per};
/// use usage_core::{Filter, Label};
///
/// let team = Filter::new().keeping(Label::Project, "search");
/// let budget = Budget::new("search", Amount::Cost("100".parse()?), Per::Month)?
///     .of(team)
///     .in_zone(chrono_tz::Europe::Berlin)
///     .hard();
/// assert!(budget.is_hard());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    name: String,
    limit: Amount,
    per: Per,
    zone: Tz,
    filter: Filter,
    is_hard: bool,
}

/// The time that a budget is for. Each begins anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Per {
    /// A day.
    Day,
    /// A week.
    Week(WeekStart),
    /// A calendar month.
    Month,
    /// A billing cycle, that begins on this day of the month.
    Cycle(CycleDay),
}

impl Per {
    /// Returns its word: `day`, `week`, `month`, `cycle`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week(_) => "week",
            Self::Month => "month",
            Self::Cycle(_) => "cycle",
        }
    }

    /// The name of the period that now is in.
    const fn current(self) -> &'static str {
        match self {
            Self::Day => "today",
            Self::Week(_) => "this-week",
            Self::Month => "this-month",
            Self::Cycle(_) => "this-cycle",
        }
    }

    fn options(self) -> PeriodOptions {
        match self {
            Self::Day | Self::Month => PeriodOptions::default(),
            Self::Week(start) => PeriodOptions::default().with_week_start(start),
            Self::Cycle(day) => PeriodOptions::default().with_cycle_day(Some(day)),
        }
    }
}

impl Budget {
    /// Makes a soft budget of all records, by the days of UTC. `name` has up to 64 bytes.
    ///
    /// # Errors
    /// When the name is empty, too long, or has characters that cannot be seen.
    pub fn new(name: impl Into<String>, limit: Amount, per: Per) -> Result<Self, BudgetError> {
        let name = name.into();
        if name.trim().is_empty() {
            return Err(BudgetError::NoName);
        }
        if name.len() > MAX_NAME {
            return Err(BudgetError::LongName);
        }
        if name.chars().any(char::is_control) {
            return Err(BudgetError::ControlCharacter);
        }
        Ok(Self { name, limit, per, zone: Tz::UTC, filter: Filter::new(), is_hard: false })
    }

    /// Counts only records that pass this filter.
    #[must_use]
    pub fn of(self, filter: Filter) -> Self {
        Self { filter, ..self }
    }

    /// Counts by the days of this zone.
    #[must_use]
    pub fn in_zone(self, zone: Tz) -> Self {
        Self { zone, ..self }
    }

    /// Makes it one that a [`Gate`](super::Gate) refuses by; a soft one is only told of.
    #[must_use]
    pub fn hard(self) -> Self {
        Self { is_hard: true, ..self }
    }

    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns how much may be spent.
    #[must_use]
    pub const fn limit(&self) -> Amount {
        self.limit
    }

    /// Returns the time that it is for.
    #[must_use]
    pub const fn per(&self) -> Per {
        self.per
    }

    /// Returns the zone whose days it counts by.
    #[must_use]
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// Returns which records count.
    #[must_use]
    pub const fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Returns whether a [`Gate`](super::Gate) refuses by it.
    #[must_use]
    pub const fn is_hard(&self) -> bool {
        self.is_hard
    }

    /// Returns the period that an instant is in: both its ends are there.
    ///
    /// # Errors
    /// When no calendar has the instant.
    pub fn period_at(&self, now: Timestamp) -> Result<Period, Error> {
        let now = now.to_utc().ok_or_else(|| {
            Error::new(ErrorKind::Invalid, format!("no calendar has the instant {now}"))
        })?;
        let now = now.with_timezone(&self.zone);
        parse_period_with(self.per.current(), now, self.per.options())
            .map_err(|error| Error::new(ErrorKind::Invalid, error))
    }
}
