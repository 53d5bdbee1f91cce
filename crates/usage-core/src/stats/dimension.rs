//! The dimensions that a report can be grouped by.

use std::fmt;
use std::str::FromStr;

use super::{Sort, Summary};
use crate::period::{Unit, WeekStart};
use crate::record::RecordError;
use crate::{Label, Labels, Measure, TagKey};

/// One thing that a report can be grouped by: a name of the records, a tag, or a unit of their time.
///
/// ```
/// use usage_core::stats::Dimension;
///
/// let by: Dimension = "tag:team".parse()?;
/// assert!(matches!(by, Dimension::Tag(key) if key.as_str() == "team"));
/// # Ok::<(), usage_core::stats::GroupingError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// A name, as reports show it; may be empty.
    Label(Label),
    /// A quarter of an hour.
    QuarterHour,
    /// The local clock hour.
    Hour,
    /// The local day.
    Day,
    /// The local week.
    Week,
    /// The local month.
    Month,
    /// The value of a tag; empty where there is none.
    Tag(TagKey),
    /// The session, beside its instance and nothing else.
    Session,
    /// The block of five hours, beside its instance and nothing else.
    Block,
}

impl Dimension {
    /// Those that records are told apart by, but for tags, in the order in which they are listed to people.
    pub const ALL: [Self; Label::COUNT + 5] = {
        let mut all = [Self::QuarterHour; Label::COUNT + 5];
        let mut at = 0;
        while at < Label::COUNT {
            all[at] = Self::Label(Label::ALL[at]);
            at += 1;
        }
        [all[at + 1], all[at + 2]] = [Self::Hour, Self::Day];
        [all[at + 3], all[at + 4]] = [Self::Week, Self::Month];
        all
    };

    /// Those by which an engine lists what it holds, each a whole though its records reach beyond the period.
    pub const LISTS: [Self; 2] = [Self::Session, Self::Block];

    /// Returns what it is called: on the command line, as a JSON name and as a CSV column.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Tag(key) => key.name(),
            Self::Label(label) => label.name(),
            Self::QuarterHour => "quarter_hour",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Session => "session",
            Self::Block => "block",
        }
    }

    /// The unit of the calendar that it is, `None` for a name or a tag.
    #[must_use]
    pub const fn unit(self, week_start: WeekStart) -> Option<Unit> {
        match self {
            Self::QuarterHour => Some(Unit::QuarterHour),
            Self::Hour => Some(Unit::Hour),
            Self::Day => Some(Unit::Day),
            Self::Week => Some(Unit::Week(week_start)),
            Self::Month => Some(Unit::Month),
            Self::Label(_) | Self::Tag(_) | Self::Session | Self::Block => None,
        }
    }

    /// Returns whether it is a unit of time.
    #[must_use]
    pub const fn is_time(self) -> bool {
        self.unit(WeekStart::Monday).is_some()
    }

    /// Its name among the labels of a group, or the value of its tag; nothing for a unit of time.
    pub(super) fn of(self, labels: &Labels) -> Option<&str> {
        match self {
            Self::Label(label) => Some(label.reported(labels.name(label))),
            Self::Tag(key) => labels.tags().get(key.as_str()),
            Self::QuarterHour
            | Self::Hour
            | Self::Day
            | Self::Week
            | Self::Month
            | Self::Session
            | Self::Block => None,
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
        if let Some(key) = TagKey::named(text) {
            return key.map(Self::Tag).map_err(|reason| GroupingError::Tag { reason });
        }
        let found =
            Self::ALL.into_iter().chain(Self::LISTS).find(|dimension| dimension.name() == text);
        found.ok_or_else(|| GroupingError::Unknown { text: quoted(text) })
    }
}

/// The dimensions that a report is grouped by, in the order given: at least one dimension, none
/// twice, and at most one unit of time. It also says which of the names sort the groups: see
/// [`in_order_of_names`](Self::in_order_of_names).
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
///     r#"a report cannot be grouped by "fortnight", only by instance, profile, provider, route, model, tier, project, user, quarter_hour, hour, day, week, month, session, block, tag:KEY"#
/// );
/// # Ok::<(), usage_core::stats::GroupingError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grouping {
    dimensions: Vec<Dimension>,
    sorted_by_name: usize,
    sort: Option<Sort>,
    is_list: bool,
}

impl Grouping {
    /// The most dimensions that it can have: as many as there are names, and a unit of time.
    pub const MAX: usize = Label::COUNT + 1;

    /// By profile, provider and route, in the order of these names: the list of routes of a report.
    #[must_use]
    pub fn routes() -> Self {
        let by = Self::names([Label::Profile, Label::Provider, Label::Route]);
        Self { is_list: true, ..by.in_order_of_names(Self::MAX) }
    }

    /// By profile, provider and model, profiles in the order of their names and the models of each by
    /// tokens: the list of models of a report.
    #[must_use]
    pub fn models() -> Self {
        let by = Self::names([Label::Profile, Label::Provider, Label::Model]);
        Self { is_list: true, ..by.in_order_of_names(1) }
    }

    /// By profile, provider, route and model, in the order of these names: both lists of a report in one,
    /// for programs.
    #[must_use]
    pub fn routes_and_models() -> Self {
        let names = [Label::Profile, Label::Provider, Label::Route, Label::Model];
        Self::names(names).in_order_of_names(Self::MAX)
    }

    fn names<const N: usize>(labels: [Label; N]) -> Self {
        let dimensions = labels.map(Dimension::Label).into();
        Self { dimensions, sorted_by_name: 0, sort: None, is_list: false }
    }

    /// With groups in the order of the first `count` names, those before the unit of time, and only behind
    /// these by their tokens. By default all are sorted by their tokens.
    #[must_use]
    pub fn in_order_of_names(self, count: usize) -> Self {
        Self { sorted_by_name: count.min(self.names_before_time()), ..self }
    }

    /// With groups in the order that somebody asks for, in place of its own. The profiles of a list stay in the order of
    /// their names, and time ascends, unless it is grouped by time alone.
    #[must_use]
    pub fn sorted_by(self, sort: Sort) -> Self {
        let by_name = match sort {
            Sort::Name => Self::MAX,
            _ => usize::from(self.is_list),
        };
        Self { sort: Some(sort), ..self.in_order_of_names(by_name) }
    }

    /// The order that somebody has asked for.
    #[must_use]
    pub const fn sort(&self) -> Option<Sort> {
        self.sort
    }

    /// Returns whether stretches of time are in another order than that of time.
    #[must_use]
    pub fn is_out_of_time(&self) -> bool {
        self.is_time_alone() && self.sort.is_some_and(|sort| sort != Sort::Name)
    }

    /// Returns the number by which a group is sorted.
    pub(super) fn rank(&self, totals: &Summary) -> u128 {
        self.sort.unwrap_or(Sort::Tokens).rank(totals)
    }

    /// Returns how many of the names, from the first on, sort the groups before their tokens do.
    #[must_use]
    pub const fn sorted_by_name(&self) -> usize {
        self.sorted_by_name
    }

    /// Returns whether it is one of the two lists that a report has unless it is grouped otherwise:
    /// [`routes`](Self::routes) or [`models`](Self::models).
    #[must_use]
    pub const fn is_list(&self) -> bool {
        self.is_list
    }

    /// Its last dimension, after which a list is named.
    #[must_use]
    pub fn last(&self) -> Dimension {
        // There is one.
        self.dimensions.last().copied().unwrap_or(Dimension::Label(Label::Model))
    }

    /// Returns whether its groups are shown with this number: a list of models has none that says how routes were
    /// taken.
    #[must_use]
    pub fn shows(&self, measure: Measure) -> bool {
        let is_of_models = self.is_list && self.last() == Dimension::Label(Label::Model);
        measure != Measure::Fallbacks || !is_of_models
    }

    /// Returns how many names stand before the unit of time; all of them where there is none.
    pub(super) fn names_before_time(&self) -> usize {
        let time = self.dimensions.iter().position(|dimension| dimension.is_time());
        time.unwrap_or(self.dimensions.len())
    }

    /// Checks the dimensions and keeps them. A session or a block has its instance before it.
    ///
    /// # Errors
    /// When there is none, one is there twice, there are two units of time, more than [`MAX`](Self::MAX), or others beside
    /// a session or a block.
    pub fn new(dimensions: impl IntoIterator<Item = Dimension>) -> Result<Self, GroupingError> {
        let dimensions: Vec<_> = dimensions.into_iter().collect();
        if let Some(list) = dimensions.iter().find(|of| Dimension::LISTS.contains(of)) {
            let instance = Dimension::Label(Label::Instance);
            let whole = [instance, *list];
            return match dimensions == whole || dimensions == whole[1..] {
                true => Ok(Self { dimensions: whole.into(), ..Self::names([]) }),
                false => Err(GroupingError::Alone { dimension: *list }),
            };
        }
        let mut by = Self::names([]);
        for dimension in dimensions {
            if by.dimensions.contains(&dimension) {
                return Err(GroupingError::Twice { dimension });
            }
            if let Some(first) = by.time().filter(|_| dimension.is_time()) {
                return Err(GroupingError::TwoUnits { first, second: dimension });
            }
            if by.dimensions.len() == Self::MAX {
                return Err(GroupingError::TooMany);
            }
            by.dimensions.push(dimension);
        }
        if by.dimensions.is_empty() { Err(GroupingError::Empty) } else { Ok(by) }
    }

    /// The dimensions, in the order given.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// Returns the session or the block, where it is grouped by that.
    #[must_use]
    pub fn list(&self) -> Option<Dimension> {
        self.dimensions.iter().copied().find(|dimension| Dimension::LISTS.contains(dimension))
    }

    /// The unit of time among them.
    #[must_use]
    pub fn time(&self) -> Option<Dimension> {
        self.dimensions.iter().copied().find(|dimension| dimension.is_time())
    }

    /// The tags among them.
    pub fn tags(&self) -> impl Iterator<Item = TagKey> {
        self.dimensions.iter().filter_map(|dimension| match dimension {
            Dimension::Tag(key) => Some(*key),
            _ => None,
        })
    }

    /// Returns whether it has a unit of time and no name.
    #[must_use]
    pub fn is_time_alone(&self) -> bool {
        self.dimensions.iter().all(|dimension| dimension.is_time())
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

/// The reason why something is not what a report can be grouped by.
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
    /// The key of a tag is none.
    #[error("a report cannot be grouped by such a tag: {reason}")]
    Tag {
        /// The fault found in it.
        reason: RecordError,
    },
    /// Too many dimensions were given.
    #[error("a report cannot be grouped by more than {} at once", Grouping::MAX)]
    TooMany,
    /// A session or a block was given together with others.
    #[error("a report by {dimension} cannot be grouped by anything else but instance")]
    Alone {
        /// Which of them.
        dimension: Dimension,
    },
    /// A dimension was given twice.
    #[error("a report cannot be grouped by {dimension} twice")]
    Twice {
        /// The one that is meant.
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
    let all = Dimension::ALL.iter().chain(&Dimension::LISTS);
    let names: Vec<_> = all.map(Dimension::name).collect();
    format!("{}, tag:KEY", names.join(", "))
}
