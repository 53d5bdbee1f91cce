//! The order of groups that somebody asks for.

use std::fmt;
use std::str::FromStr;

use super::Summary;

/// The order of groups: by a measure with the most first, or by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Sort {
    /// By tokens.
    Tokens,
    /// By cost at list price.
    Cost,
    /// By requests.
    Requests,
    /// By name.
    Name,
}

impl Sort {
    /// All of them, in the order in which they are listed to people.
    pub const ALL: [Self; 4] = [Self::Tokens, Self::Cost, Self::Requests, Self::Name];

    /// Returns what it is called on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Requests => "requests",
            Self::Name => "name",
        }
    }

    /// Returns the number by which a group is sorted; tokens, where it is sorted by its name.
    pub(crate) fn rank(self, totals: &Summary) -> u128 {
        match self {
            Self::Tokens | Self::Name => totals.tokens().into(),
            Self::Cost => totals.cost.picos(),
            Self::Requests => totals.requests.into(),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no order of groups has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("groups are sorted by tokens, cost, requests or name")]
pub struct UnknownSort;

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(name: &str) -> Result<Self, UnknownSort> {
        Self::ALL.into_iter().find(|sort| sort.name() == name).ok_or(UnknownSort)
    }
}
