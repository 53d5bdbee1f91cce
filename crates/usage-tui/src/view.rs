//! The tabs of the view, and what their tables are grouped by.

use std::fmt;
use std::str::FromStr;

use usage_core::Label;
use usage_core::period::Unit;
use usage_core::stats::{Dimension, Grouping};

/// A tab of the view.
///
/// ```
/// use usage_tui::Tab;
///
/// assert_eq!("week".parse(), Ok(Tab::Week));
/// assert_eq!(Tab::ALL.len(), 7);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tab {
    /// Today, by hour.
    #[default]
    Today,
    /// This week, by day.
    Week,
    /// This month, by day.
    Month,
    /// This year, by month.
    Year,
    /// The sessions of the last seven days.
    Sessions,
    /// Budgets, and how far they are used up.
    Budgets,
    /// The health of the ledger.
    Status,
}

impl Tab {
    /// All of them, in the order in which they stand.
    pub const ALL: [Self; 7] = [
        Self::Today,
        Self::Week,
        Self::Month,
        Self::Year,
        Self::Sessions,
        Self::Budgets,
        Self::Status,
    ];

    /// Returns what stands on it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Today => "Today",
            Self::Week => "Week",
            Self::Month => "Month",
            Self::Year => "Year",
            Self::Sessions => "Sessions",
            Self::Budgets => "Budgets",
            Self::Status => "Status",
        }
    }

    /// The period that it is about, as people name it; `None` for budgets and status.
    pub(crate) const fn period(self) -> Option<&'static str> {
        match self {
            Self::Today => Some("today"),
            Self::Week => Some("this-week"),
            Self::Month => Some("this-month"),
            Self::Year => Some("this-year"),
            Self::Sessions => Some("last-7-days"),
            Self::Budgets | Self::Status => None,
        }
    }

    /// The unit of time of its chart; `None` where it has none.
    pub(crate) const fn unit(self) -> Option<Unit> {
        match self {
            Self::Today => Some(Unit::Hour),
            Self::Week | Self::Month => Some(Unit::Day),
            Self::Year => Some(Unit::Month),
            Self::Sessions | Self::Budgets | Self::Status => None,
        }
    }

    /// The tab so many places further on, round and round.
    pub(crate) fn moved(self, by: isize) -> Self {
        moved(&Self::ALL, self, by)
    }
}

impl fmt::Display for Tab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// The title, in letters of any case.
impl FromStr for Tab {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|tab| tab.title().eq_ignore_ascii_case(name));
        found.ok_or(UnknownName)
    }
}

/// A name that no tab or grouping has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is nothing of this name")]
pub struct UnknownName;

/// The dimension that the table of a period is grouped by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum By {
    /// By provider and model.
    #[default]
    Model,
    /// By provider and route.
    Route,
    /// By project.
    Project,
    /// By instance.
    Instance,
    /// By provider.
    Provider,
}

impl By {
    /// All of them, in the order in which a key leads from one to the next.
    pub const ALL: [Self; 5] =
        [Self::Model, Self::Route, Self::Project, Self::Instance, Self::Provider];

    /// Returns what stands above the names.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Model => "Model",
            Self::Route => "Route",
            Self::Project => "Project",
            Self::Instance => "Instance",
            Self::Provider => "Provider",
        }
    }

    /// The labels whose names tell its groups apart.
    pub(crate) const fn labels(self) -> &'static [Label] {
        match self {
            Self::Model => &[Label::Provider, Label::Model],
            Self::Route => &[Label::Provider, Label::Route],
            Self::Project => &[Label::Project],
            Self::Instance => &[Label::Instance],
            Self::Provider => &[Label::Provider],
        }
    }

    /// The grouping of a table. One of two different labels always is one.
    pub(crate) fn grouping(self) -> Grouping {
        let labels = self.labels().iter().map(|label| Dimension::Label(*label));
        Grouping::new(labels).unwrap_or_else(|_| Grouping::models())
    }

    pub(crate) fn moved(self, by: isize) -> Self {
        moved(&Self::ALL, self, by)
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// The title, in letters of any case.
impl FromStr for By {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        let found = Self::ALL.into_iter().find(|by| by.title().eq_ignore_ascii_case(name));
        found.ok_or(UnknownName)
    }
}

/// The one that stands so many places behind one of them, round and round.
pub(crate) fn moved<T: Copy + PartialEq>(all: &[T], one: T, by: isize) -> T {
    let at = all.iter().position(|of| *of == one).unwrap_or(0);
    let count = all.len().cast_signed();
    let next = at.cast_signed().saturating_add(by).rem_euclid(count.max(1));
    all.get(next.unsigned_abs()).copied().unwrap_or(one)
}
