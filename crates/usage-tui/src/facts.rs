//! What others put on a tab: lines with a name and a value, some of them with a bar.

use usage_core::query::Limits;
use usage_core::{Engine, Error, Timestamp};

/// The content of a tab that the view itself knows nothing of, such as budgets or the health of a ledger.
pub trait Panel: Send + Sync {
    /// Returns its lines, in their order. It is asked on a thread of its own, at most twice a second, and each time that
    /// the engine has changed.
    ///
    /// # Errors
    /// When there is no complete answer. The view says so and goes on.
    fn facts(
        &self,
        engine: &dyn Engine,
        now: Timestamp,
        limits: &Limits,
    ) -> Result<Vec<Fact>, Error>;
}

/// A line of a panel.
///
/// ```
/// use usage_tui::{Fact, Level};
///
/// let budget = Fact::new("claude, this month", "$80.20 of $100").with_share(802).with_level(Level::Warning);
/// assert_eq!(budget.share, Some(802));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fact {
    /// What it is about. Shown as printable text, as all names are.
    pub name: String,
    /// What there is to say of it.
    pub value: String,
    /// The part of something that is used up, in thousandths, which a bar shows; it may be more than a thousand.
    pub share: Option<u32>,
    /// How good that is.
    pub level: Level,
}

impl Fact {
    /// Makes a line without a bar.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), ..Self::default() }
    }

    /// Adds a bar of so many thousandths.
    #[must_use]
    pub fn with_share(self, thousandths: u32) -> Self {
        Self { share: Some(thousandths), ..self }
    }

    /// Says how good it is.
    #[must_use]
    pub fn with_level(self, level: Level) -> Self {
        Self { level, ..self }
    }
}

/// The weight of a fact, from good to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Level {
    /// Neither good nor bad.
    #[default]
    Plain,
    /// As it should be.
    Good,
    /// To be looked at.
    Warning,
    /// Wrong, or past a limit.
    Bad,
}
