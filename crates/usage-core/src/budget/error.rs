//! The reasons why something is no budget.

/// The reason why something is no budget.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// The name is empty.
    #[error("a budget has a name")]
    NoName,
    /// The name is longer than 64 bytes.
    #[error("a budget's name has at most 64 bytes")]
    LongName,
    /// The name has a character that cannot be seen.
    #[error("a budget's name has no control characters")]
    ControlCharacter,
    /// The text does not say what this program knows of a budget.
    #[error("what is kept of it cannot be read by this program: {0}")]
    Unreadable(String),
}
