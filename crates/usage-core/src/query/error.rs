//! Why an engine has no answer.

use std::error::Error;
use std::fmt;

use crate::stats::TooManyBuckets;

/// Why an engine has no answer. It never gives one that leaves something out instead.
#[derive(Debug)]
pub struct EngineError {
    kind: EngineErrorKind,
    source: Box<dyn Error + Send + Sync>,
}

/// The kinds of failure that call for different answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EngineErrorKind {
    /// Somebody else has it locked, or all connections are in use: soon over.
    Busy,
    /// Reading failed, or it cannot be reached.
    Io,
    /// Its content is damaged: only a repair helps.
    Corrupt,
    /// It is no longer what was opened: replaced, deleted, or migrated by a newer program.
    Replaced,
    /// The answer was not ready when its [deadline](super::Limits::with_deadline) came.
    DeadlineExceeded,
    /// The question was [called off](super::Cancel::cancel).
    Cancelled,
    /// The range has more units of time than can be listed.
    TooManyBuckets,
    /// What was asked for cannot be told from what is kept: only sums are left there, and they do not tell it
    /// apart.
    NotKept,
    /// Anything else.
    Other,
}

impl EngineError {
    /// Wraps the engine's own error.
    pub fn of(kind: EngineErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into() }
    }

    /// Returns which kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> EngineErrorKind {
        self.kind
    }

    /// Returns the engine's own error, for those who know the engine.
    #[must_use]
    pub fn into_source(self) -> Box<dyn Error + Send + Sync> {
        self.source
    }
}

/// In the words of the engine.
impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.source, f)
    }
}

impl Error for EngineError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}

impl From<TooManyBuckets> for EngineError {
    fn from(error: TooManyBuckets) -> Self {
        Self::of(EngineErrorKind::TooManyBuckets, error)
    }
}

/// For limits that are checked before anything is asked.
impl From<EngineErrorKind> for EngineError {
    fn from(kind: EngineErrorKind) -> Self {
        Self::of(kind, kind.to_string())
    }
}

impl fmt::Display for EngineErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy",
            Self::Io => "input or output failed",
            Self::Corrupt => "damaged",
            Self::Replaced => "replaced",
            Self::DeadlineExceeded => "the answer was not ready in time",
            Self::Cancelled => "the question was called off",
            Self::TooManyBuckets => "too many units of time",
            Self::NotKept => "what was asked for is not kept",
            Self::Other => "other",
        })
    }
}
