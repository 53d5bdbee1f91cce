//! Sessions, and in which order they are listed.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use crate::Timestamp;
use crate::stats::Summary;

/// A session: what one agent did in one go. Which one it is, instance and id tell together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The instance that it belongs to.
    pub instance: String,
    /// Its id, unique for the instance.
    pub id: String,
    /// The times of its first and its last record. Where records are gone, and some of what they came to is gone too,
    /// the first or the last instant at which one may have been.
    pub time: (Timestamp, Timestamp),
    /// The totals of the whole session.
    pub totals: Summary,
    /// The totals of what lies in the range that was asked for. `None` where nobody can tell any more, as the session
    /// began before that, and records of the day in UTC in which the range begins are gone.
    pub in_range: Option<Summary>,
    /// The models that it used, those with the most tokens first.
    pub models: Vec<String>,
    /// The projects that it was about, those with the most tokens first; none where its records name none.
    pub projects: Vec<String>,
    /// Records of it were pruned: its figures stay as they are, from rollups.
    pub is_frozen: bool,
}

impl Session {
    /// Makes a session of an instance, with the times of its first and its last record; without totals.
    ///
    /// ```
    /// use usage_core::Timestamp;
    /// use usage_core::query::Session;
    /// use usage_core::stats::Summary;
    ///
    /// let start = Timestamp::from_micros(0);
    /// let totals = Summary::default();
    /// let session = Session::new("claude-code", "s1", (start, start)).with_totals(totals, Some(totals));
    /// assert_eq!(session.in_range, Some(session.totals));
    /// ```
    #[must_use]
    pub fn new(
        instance: impl Into<String>,
        id: impl Into<String>,
        time: (Timestamp, Timestamp),
    ) -> Self {
        Self {
            instance: instance.into(),
            id: id.into(),
            time,
            totals: Summary::default(),
            in_range: None,
            models: Vec::new(),
            projects: Vec::new(),
            is_frozen: false,
        }
    }

    /// Sets the totals of the whole session, and of what lies in the range.
    #[must_use]
    pub fn with_totals(self, totals: Summary, in_range: Option<Summary>) -> Self {
        Self { totals, in_range, ..self }
    }

    /// Sets the names of the models and the projects.
    #[must_use]
    pub fn with_names(self, models: Vec<String>, projects: Vec<String>) -> Self {
        Self { models, projects, ..self }
    }

    /// Sets that records of it were pruned.
    #[must_use]
    pub fn frozen(self, is_frozen: bool) -> Self {
        Self { is_frozen, ..self }
    }
}

/// The sessions of an answer that are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// In which order they are listed.
    pub order: SessionOrder,
    /// The number of them, from the first on; `None`: all.
    pub top: Option<usize>,
}

impl Listing {
    /// Sorts sessions, and leaves those that are wanted.
    pub fn apply(&self, sessions: &mut Vec<Session>) {
        let names = |of: &Session| (of.instance.clone(), of.id.clone());
        sessions.sort_by_cached_key(|of| (Reverse(self.order.of(of)), names(of)));
        sessions.truncate(self.top.unwrap_or(usize::MAX));
    }
}

/// The order of sessions. Equal ones are in the order of their instances and ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SessionOrder {
    /// Those with the newest last record first.
    #[default]
    Last,
    /// Those that began last first.
    Start,
    /// Those with the most tokens first, of the whole session.
    Tokens,
    /// Those that cost most by list price first, of the whole session.
    Cost,
}

impl SessionOrder {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Last, Self::Start, Self::Tokens, Self::Cost];

    /// Its name, as one says it to a command.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Start => "start",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
        }
    }

    /// The number by which it orders; the greatest comes first.
    fn of(self, session: &Session) -> u128 {
        let at = |at: Timestamp| u128::from(at.as_micros().cast_unsigned() ^ (1 << 63));
        match self {
            Self::Last => at(session.time.1),
            Self::Start => at(session.time.0),
            Self::Tokens => session.totals.tokens().into(),
            Self::Cost => session.totals.cost.picos(),
        }
    }
}

impl fmt::Display for SessionOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that no order of sessions has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sessions are sorted by last, start, tokens or cost")]
pub struct UnknownOrder;

impl FromStr for SessionOrder {
    type Err = UnknownOrder;

    fn from_str(name: &str) -> Result<Self, UnknownOrder> {
        Self::ALL.into_iter().find(|order| order.name() == name).ok_or(UnknownOrder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Measure;

    fn session(id: &str, first: i64, last: i64, tokens: u64) -> Session {
        let totals = Summary::new(1, [0; Measure::COUNT]).with(Measure::Output, tokens);
        let time = (Timestamp::from_micros(first), Timestamp::from_micros(last));
        Session::new("i", id, time).with_totals(totals, Some(totals))
    }

    #[test]
    fn the_order_is_that_which_was_asked_for_and_then_by_name() {
        let all = vec![session("b", -5, 9, 1), session("a", -5, 9, 1), session("c", 2, 8, 7)];
        let listed = |order, top| {
            let mut sessions = all.clone();
            Listing { order, top }.apply(&mut sessions);
            sessions.into_iter().map(|of| of.id).collect::<Vec<_>>().join("")
        };
        assert_eq!(listed(SessionOrder::Last, None), "abc");
        assert_eq!(listed(SessionOrder::Start, None), "cab");
        assert_eq!(listed(SessionOrder::Tokens, Some(2)), "ca");
    }

    #[test]
    fn orders_have_names() {
        for order in SessionOrder::ALL {
            assert_eq!(order.to_string().parse(), Ok(order));
        }
        assert_eq!("newest".parse::<SessionOrder>(), Err(UnknownOrder));
    }
}
