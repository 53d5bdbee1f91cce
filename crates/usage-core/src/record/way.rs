//! The way by which a record came, of agents that tell of a request in two ways without an id that both share.

use super::{Label, Record};

/// The agents of which telemetry and logs share no id of a request.
const APART: &[&str] = &["codex", "gemini-cli"];

/// A way in which an agent tells of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Way {
    /// Log events and spans that it sends.
    Telemetry,
    /// The logs that it keeps.
    Logs,
}

impl Way {
    /// Returns the way of a record of a session, where another way could tell of the same request with nothing to show
    /// that it is the same. `None` where ids show it, or nothing is known of a session.
    ///
    /// ```
    /// use usage_core::record::Way;
    ///
    /// assert_eq!(Way::of_revision(30), Some(Way::Telemetry));
    /// assert_eq!(Way::of_revision(10), Some(Way::Logs));
    /// ```
    #[must_use]
    pub fn of(record: &Record) -> Option<Self> {
        let way = Self::of_revision(record.counts().revision())?;
        let is_apart = APART.contains(&record.names().get(Label::Instance));
        let is_known = record.event_id().is_some() && !record.context().session_id().is_empty();
        (is_apart && is_known).then_some(way)
    }

    /// Returns the way of records of a revision.
    #[must_use]
    pub const fn of_revision(revision: u32) -> Option<Self> {
        match revision {
            0 => None,
            1..20 => Some(Self::Logs),
            _ => Some(Self::Telemetry),
        }
    }

    /// Returns the other way.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Telemetry => Self::Logs,
            Self::Logs => Self::Telemetry,
        }
    }

    /// Returns its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Telemetry => "telemetry",
            Self::Logs => "logs",
        }
    }
}
