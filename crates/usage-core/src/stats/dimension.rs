//! What a report can be grouped by.

use std::fmt;
use std::str::FromStr;

use crate::period::{Unit, WeekStart};
use crate::{Label, LabelNames};

/// One thing that a report can be grouped by: a name of the records, or a unit of their time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// A name, as reports show it; may be empty.
    Label(Label),
    /// The local clock hour.
    Hour,
    /// The local day.
    Day,
    /// The local week.
    Week,
    /// The local month.
    Month,
}

impl Dimension {
    /// All there are, in the order in which they are listed to people.
    pub const ALL: [Self; Label::COUNT + 4] = {
        let mut all = [Self::Hour; Label::COUNT + 4];
        let mut at = 0;
        while at < Label::COUNT {
            all[at] = Self::Label(Label::ALL[at]);
            at += 1;
        }
        [all[at + 1], all[at + 2], all[at + 3]] = [Self::Day, Self::Week, Self::Month];
        all
    };

    /// What it is called: on the command line, as a JSON name and as a CSV column.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Label(label) => label.name(),
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The unit of the calendar that it is, `None` for a name.
    #[must_use]
    pub const fn unit(self, week_start: WeekStart) -> Option<Unit> {
        match self {
            Self::Hour => Some(Unit::Hour),
            Self::Day => Some(Unit::Day),
            Self::Week => Some(Unit::Week(week_start)),
            Self::Month => Some(Unit::Month),
            Self::Label(_) => None,
        }
    }

    /// Whether it is a unit of time.
    #[must_use]
    pub const fn is_time(self) -> bool {
        self.unit(WeekStart::Monday).is_some()
    }

    /// Its name among those of a record; nothing for a unit of time.
    pub(super) fn of<'a>(self, names: &LabelNames<'a>) -> &'a str {
        match self {
            Self::Label(label) => names.reported(label),
            Self::Hour | Self::Day | Self::Week | Self::Month => "",
        }
    }
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dimension {
    type Err = GroupingError;

    fn from_str(text: &str) -> Result<Self, GroupingError> {
        let found = Self::ALL.into_iter().find(|dimension| dimension.name() == text);
        found.ok_or_else(|| GroupingError::Unknown { text: quoted(text) })
    }
}

/// What a report is grouped by, in the order given: at least one dimension, none twice, and at
/// most one unit of time.
///
/// ```
/// use usage_core::Label;
/// use usage_core::stats::{Dimension, Grouping};
///
/// let by: Grouping = "day,model".parse()?;
/// assert_eq!(by.dimensions(), [Dimension::Day, Dimension::Label(Label::Model)]);
/// assert_eq!(by.time(), Some(Dimension::Day));
///
/// let error = "day,fortnight".parse::<Grouping>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"a report cannot be grouped by "fortnight", only by instance, profile, provider, route, model, hour, day, week, month"#
/// );
/// # Ok::<(), usage_core::stats::GroupingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping(Vec<Dimension>);

impl Grouping {
    /// Checks the dimensions and keeps them.
    ///
    /// # Errors
    /// When there is none, one is there twice, or there are two units of time.
    pub fn new(dimensions: impl IntoIterator<Item = Dimension>) -> Result<Self, GroupingError> {
        let mut by = Self(Vec::new());
        for dimension in dimensions {
            if by.0.contains(&dimension) {
                return Err(GroupingError::Twice { dimension });
            }
            if let Some(first) = by.time().filter(|_| dimension.is_time()) {
                return Err(GroupingError::TwoUnits { first, second: dimension });
            }
            by.0.push(dimension);
        }
        if by.0.is_empty() { Err(GroupingError::Empty) } else { Ok(by) }
    }

    /// The dimensions, in the order given.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.0
    }

    /// The unit of time among them.
    #[must_use]
    pub fn time(&self) -> Option<Dimension> {
        self.0.iter().copied().find(|dimension| dimension.is_time())
    }

    /// Whether it has a unit of time and no name.
    #[must_use]
    pub fn is_time_alone(&self) -> bool {
        self.0.iter().all(|dimension| dimension.is_time())
    }

    /// The unit of the calendar that a [`Series`](super::Series) needs for it.
    #[must_use]
    pub fn unit(&self, week_start: WeekStart) -> Option<Unit> {
        self.time().and_then(|dimension| dimension.unit(week_start))
    }
}

/// Names apart by commas.
impl FromStr for Grouping {
    type Err = GroupingError;

    fn from_str(text: &str) -> Result<Self, GroupingError> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        Self::new(names.map(str::parse).collect::<Result<Vec<_>, _>>()?)
    }
}

/// Why something is not what a report can be grouped by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupingError {
    /// There is no dimension of that name.
    #[error("a report cannot be grouped by {text:?}, only by {}", listed())]
    Unknown {
        /// The name, cut if very long.
        text: String,
    },
    /// No dimension was given.
    #[error("nothing to group by was given, there are {}", listed())]
    Empty,
    /// A dimension was given twice.
    #[error("a report cannot be grouped by {dimension} twice")]
    Twice {
        /// Which one.
        dimension: Dimension,
    },
    /// Two units of time were given.
    #[error("a report cannot be grouped by both {first} and {second}: one unit of time at most")]
    TwoUnits {
        /// The first of them.
        first: Dimension,
        /// The second.
        second: Dimension,
    },
}

/// Longer names are cut in messages.
const QUOTED_CHARS: usize = 40;

fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED_CHARS) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

fn listed() -> String {
    Dimension::ALL.map(Dimension::name).join(", ")
}
