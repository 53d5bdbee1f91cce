//! The error that everything which keeps or answers has in common: one type, one list of kinds, one list of
//! advice. What is wrong with a record, a line or a period has an error beside it, and comes here as its cause.

use std::error::Error as StdError;
use std::fmt;

mod hint;
mod kind;

pub use hint::Hint;
pub use kind::ErrorKind;

/// Says that a [`Sink`](crate::sink::Sink) could not store, or an engine could not answer: of which
/// [kind](ErrorKind) that is, the [advice](Hint) that goes with it, and the keeper's own error.
///
/// It reads as the keeper's own error does, and has the causes of that one, so that a chain of causes tells
/// nothing twice.
///
/// ```
/// use usage_core::{Error, ErrorKind, Hint};
///
/// let error = Error::new(ErrorKind::Full, "the disk is full").with_hint(Hint::FreeSpace);
/// assert_eq!(error.to_string(), "the disk is full");
/// assert_eq!((error.kind(), error.hint()), (ErrorKind::Full, Some(Hint::FreeSpace)));
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    hint: Option<Hint>,
    inner: Box<dyn StdError + Send + Sync>,
}

impl Error {
    /// Wraps the keeper's own error, whose text must not hold that of its cause.
    pub fn new(kind: ErrorKind, inner: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self { kind, hint: None, inner: inner.into() }
    }

    /// Wraps the keeper's own error, of which nothing more is known than its text.
    pub fn other(inner: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Other, inner)
    }

    /// Adds what may help.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<Option<Hint>>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// Returns what kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Returns what may help, where there is something.
    #[must_use]
    pub const fn hint(&self) -> Option<Hint> {
        self.hint
    }

    /// Returns the keeper's own error, for those who know the keeper.
    #[must_use]
    pub fn into_inner(self) -> Box<dyn StdError + Send + Sync> {
        self.inner
    }
}

/// Writes the words of the keeper.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.inner, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.inner.source()
    }
}

/// Makes an error that has no other cause, as of limits that are checked before anything is asked.
impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self::new(kind, kind.to_string())
    }
}

/// Returns an error and its causes as one line, each behind a colon.
///
/// ```
/// let error = usage_core::Error::other("the sink is gone");
/// assert_eq!(usage_core::error::chain(&error), "the sink is gone");
/// ```
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    for cause in causes(error).skip(1) {
        text.push_str(": ");
        text.push_str(&cause.to_string());
    }
    text
}

/// Iterates over an error and its causes, the error itself first.
pub fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot open the file")]
    struct Inner(#[source] io::Error);

    #[test]
    fn an_error_reads_as_the_one_that_it_wraps_and_has_its_causes() {
        let inner = Inner(io::Error::other("no"));
        let error = Error::new(ErrorKind::Io, inner);
        assert_eq!(error.to_string(), "cannot open the file");
        assert_eq!(chain(&error), "cannot open the file: no");
        assert_eq!(causes(&error).count(), 2);
        assert!(error.into_inner().downcast::<Inner>().is_ok());
        assert_eq!(chain(&Error::from(ErrorKind::Busy)), "busy");
    }
}
