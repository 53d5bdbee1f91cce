//! Amounts of that which a budget limits.

use std::fmt;

use crate::Money;
use crate::stats::Summary;
use crate::text::format_count;

/// An amount of money by list price, or of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Money by list price, in steps of 10^-12 US dollars.
    Cost(Money),
    /// Tokens: the sum of the disjoint kinds.
    Tokens(u64),
}

impl Amount {
    /// Returns how much of the same unit was spent.
    #[must_use]
    pub fn spent(self, totals: &Summary) -> Self {
        match self {
            Self::Cost(_) => Self::Cost(totals.cost),
            Self::Tokens(_) => Self::Tokens(totals.tokens()),
        }
    }

    /// Returns it in its own smallest steps: pico-dollars, or tokens.
    #[must_use]
    pub const fn units(self) -> u128 {
        match self {
            Self::Cost(money) => money.picos(),
            Self::Tokens(tokens) => tokens as u128,
        }
    }

    /// Returns so many steps of the same unit. Saturates.
    #[must_use]
    pub fn with_units(self, units: u128) -> Self {
        match self {
            Self::Cost(_) => Self::Cost(Money::from_picos(units)),
            Self::Tokens(_) => Self::Tokens(u64::try_from(units).unwrap_or(u64::MAX)),
        }
    }

    /// Returns whether it is money, so that only requests with a price count.
    #[must_use]
    pub const fn is_cost(self) -> bool {
        matches!(self, Self::Cost(_))
    }
}

/// All of it: `$12.5`, `1,200 tokens`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cost(money) => write!(f, "${money}"),
            Self::Tokens(1) => f.write_str("1 token"),
            Self::Tokens(tokens) => write!(f, "{} tokens", format_count(*tokens)),
        }
    }
}
