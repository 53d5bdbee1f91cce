//! The numbers of a record, as one list: lines, CSV, JSON, the ledger's columns, journals and rollups take
//! names and order from here.

use std::fmt;

/// One number that a record states, beside the request that it is.
///
/// The order is that of the columns of a ledger and of the numbers in its rollups: a new measure comes last,
/// so that what is on disk keeps its meaning.
///
/// ```
/// use usage_core::Measure;
///
/// assert_eq!(Measure::CacheRead.name(), "cache_read");
/// assert_eq!(Measure::CacheRead.field(), "cache_read_tokens");
/// assert_eq!(Measure::Reasoning.part_of(), Some(Measure::Output));
/// let added: Vec<_> = Measure::ALL.into_iter().filter(|measure| measure.is_added()).collect();
/// assert_eq!(added.len(), 5); // disjoint kinds, whose sum is the total
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Measure {
    /// Input tokens that did not come from a cache.
    Input,
    /// Output tokens, reasoning included.
    Output,
    /// Input tokens read from a cache.
    CacheRead,
    /// Input tokens written to a cache (OpenTelemetry: cache creation).
    CacheWrite,
    /// Tokens of a bare total, whose kinds are not known.
    Unclassified,
    /// Output tokens that were reasoning.
    Reasoning,
    /// Other routes that were tried before one answered.
    Fallbacks,
}

/// How a measure relates to the others.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// Tokens of one of the disjoint kinds.
    Tokens,
    /// A total of tokens of unknown kinds, which no others stand beside.
    BareTotal,
    /// Tokens that are counted in another measure too.
    PartOf(Measure),
    /// No tokens.
    Other,
}

impl Measure {
    /// All there are, in their order.
    pub const ALL: [Self; 7] = [
        Self::Input,
        Self::Output,
        Self::CacheRead,
        Self::CacheWrite,
        Self::Unclassified,
        Self::Reasoning,
        Self::Fallbacks,
    ];

    /// Their number.
    pub const COUNT: usize = Self::ALL.len();

    /// Name, name as a field, role.
    const fn about(self) -> (&'static str, &'static str, Role) {
        match self {
            Self::Input => ("input", "input_tokens", Role::Tokens),
            Self::Output => ("output", "output_tokens", Role::Tokens),
            Self::CacheRead => ("cache_read", "cache_read_tokens", Role::Tokens),
            Self::CacheWrite => ("cache_write", "cache_write_tokens", Role::Tokens),
            Self::Unclassified => ("unclassified", "unclassified_tokens", Role::BareTotal),
            Self::Reasoning => ("reasoning", "reasoning_tokens", Role::PartOf(Self::Output)),
            Self::Fallbacks => ("fallbacks", "fallbacks", Role::Other),
        }
    }

    /// Its name: a column of the ledger, and among the token kinds in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.about().0
    }

    /// Its name as a field of the record line and as a column of CSV, where tokens are named as such.
    #[must_use]
    pub const fn field(self) -> &'static str {
        self.about().1
    }

    /// Returns whether it counts tokens.
    #[must_use]
    pub const fn is_tokens(self) -> bool {
        !matches!(self.about().2, Role::Other)
    }

    /// Returns whether it is one of the disjoint kinds, the unknown one included: their sum is the total.
    #[must_use]
    pub const fn is_added(self) -> bool {
        matches!(self.about().2, Role::Tokens | Role::BareTotal)
    }

    /// Returns whether it is a bare total, which has no kinds of tokens beside it.
    #[must_use]
    pub const fn is_bare_total(self) -> bool {
        matches!(self.about().2, Role::BareTotal)
    }

    /// The measure that it is a part of, and never more than.
    #[must_use]
    pub const fn part_of(self) -> Option<Self> {
        match self.about().2 {
            Role::PartOf(whole) => Some(whole),
            _ => None,
        }
    }
}

/// The name as a field.
impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_in_the_list_is_the_number() {
        for (index, measure) in Measure::ALL.into_iter().enumerate() {
            assert_eq!(measure as usize, index);
            assert!(measure.part_of().is_none_or(Measure::is_added));
        }
    }
}
