//! The outcome of a request, and the certainty of its counts.

use std::fmt;

/// The outcome of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was answered.
    #[default]
    Ok,
    /// It failed.
    Error,
    /// It was cancelled before its end.
    Cancelled,
}

impl Outcome {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Error, Self::Cancelled];

    /// Its name in the record line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The certainty of the counts of a request. The order is from the best on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Quality {
    /// The provider has stated them for the whole request.
    #[default]
    Reported,
    /// They are a placeholder, or what had arrived when the request was cut off.
    Partial,
    /// Somebody has guessed them.
    Estimated,
}

impl Quality {
    /// All there are, from the best on.
    pub const ALL: [Self; 3] = [Self::Reported, Self::Partial, Self::Estimated];

    /// Its name in the record line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reported => "reported",
            Self::Partial => "partial",
            Self::Estimated => "estimated",
        }
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
