//! Failures of the sink and of the journal. One event at each change, none at each record; and none while
//! the accounts are locked, of which this is a part: a subscriber may do anything, and ask for them.

use usage_core::ErrorKind;

/// The failures of now, and the last one.
#[derive(Debug, Default)]
pub(crate) struct Health {
    sink: Option<ErrorKind>,
    warning: Option<String>,
    journal: bool,
    last_error: Option<String>,
    /// Changes that are not emitted yet.
    changes: Vec<Change>,
}

/// A change that an event reports.
#[derive(Debug)]
pub(crate) enum Change {
    SinkFails { error: String, kind: ErrorKind },
    SinkWarns { warning: String },
    JournalFails { error: String },
    Mended { now: &'static str, still_degraded: bool },
}

impl Change {
    pub(crate) fn emit(self) {
        match self {
            Self::SinkFails { error, kind } => {
                let kind = kind.to_string();
                tracing::warn!(
                    error,
                    kind,
                    "usage records cannot be stored now; kept to try again"
                );
            }
            Self::SinkWarns { warning } => tracing::warn!(warning, "usage records are stored, but"),
            Self::JournalFails { error } => tracing::warn!(
                error,
                "usage records cannot be journaled now; a kill would lose some"
            ),
            Self::Mended { now, still_degraded } => tracing::info!(still_degraded, "{now}"),
        }
    }
}

impl Health {
    pub(crate) const fn is_degraded(&self) -> bool {
        self.sink.is_some() || self.journal
    }

    pub(crate) const fn sink_error(&self) -> Option<ErrorKind> {
        self.sink
    }

    /// Returns whether the sink can only be helped by opening it again.
    pub(crate) fn is_hopeless(&self) -> bool {
        self.sink.is_some_and(|kind| !kind.is_transient())
    }

    pub(crate) fn sink_warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    pub(crate) fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Notes something that was wrong and is over already.
    pub(crate) fn note(&mut self, error: String) {
        self.last_error = Some(error);
    }

    pub(crate) fn sink_failed(&mut self, kind: ErrorKind, error: String) {
        if self.sink.replace(kind).is_none() {
            self.changes.push(Change::SinkFails { error: error.clone(), kind });
        }
        self.last_error = Some(error);
    }

    pub(crate) fn sink_works(&mut self) {
        if self.sink.take().is_some() {
            self.mended("usage records are stored again");
        }
    }

    /// Notes what the sink says of itself after a batch that it has stored.
    pub(crate) fn sink_warns(&mut self, warning: Option<String>) {
        match (&self.warning, &warning) {
            (None, Some(warning)) => {
                self.changes.push(Change::SinkWarns { warning: warning.clone() });
            }
            (Some(_), None) => {
                self.mended("nothing is wrong any more with where usage records are stored");
            }
            _ => {}
        }
        self.warning = warning;
    }

    pub(crate) fn journal_failed(&mut self, error: String) {
        if !std::mem::replace(&mut self.journal, true) {
            self.changes.push(Change::JournalFails { error: error.clone() });
        }
        self.last_error = Some(error);
    }

    pub(crate) fn journal_works(&mut self) {
        if std::mem::take(&mut self.journal) {
            self.mended("usage records are journaled again");
        }
    }

    fn mended(&mut self, now: &'static str) {
        let still_degraded = self.is_degraded();
        self.changes.push(Change::Mended { now, still_degraded });
    }

    /// Takes the changes that are to be emitted.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Level, Metadata, Subscriber};

    use super::*;

    /// Remembers the level of each event.
    #[derive(Clone, Default)]
    struct Levels(Arc<Mutex<Vec<Level>>>);

    impl Levels {
        /// Takes the levels of the events that there were, and of those that were still to come.
        fn taken_of(&self, health: &mut Health) -> Vec<Level> {
            health.take_changes().into_iter().for_each(Change::emit);
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }

    impl Subscriber for Levels {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            self.0.lock().unwrap().push(*event.metadata().level());
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn one_event_at_each_change_and_none_in_between() {
        let levels = Levels::default();
        tracing::subscriber::with_default(levels.clone(), || {
            let mut health = Health::default();
            health.sink_works();
            health.journal_works();
            assert!(levels.taken_of(&mut health).is_empty());
            for kind in [ErrorKind::Busy, ErrorKind::Full, ErrorKind::Busy] {
                health.sink_failed(kind, "no".to_owned());
                assert_eq!((health.sink_error(), health.is_degraded()), (Some(kind), true));
            }
            assert_eq!(levels.taken_of(&mut health), [Level::WARN]);
            health.journal_failed("neither".to_owned());
            health.journal_failed("still not".to_owned());
            assert_eq!(levels.taken_of(&mut health), [Level::WARN]);
            health.sink_works();
            health.sink_works();
            assert_eq!(levels.taken_of(&mut health), [Level::INFO]);
            assert!(health.is_degraded());
            health.journal_works();
            assert_eq!(levels.taken_of(&mut health), [Level::INFO]);
            assert!(!health.is_degraded());
            assert_eq!(health.last_error(), Some("still not"));
        });
    }

    #[test]
    fn a_warning_of_the_sink_is_announced_when_it_comes_and_when_it_is_over() {
        let levels = Levels::default();
        tracing::subscriber::with_default(levels.clone(), || {
            let mut health = Health::default();
            health.sink_warns(None);
            assert!(levels.taken_of(&mut health).is_empty());
            for warning in ["the log grows", "the log grows still"] {
                health.sink_warns(Some(warning.to_owned()));
                assert_eq!((health.sink_warning(), health.is_degraded()), (Some(warning), false));
            }
            assert_eq!(levels.taken_of(&mut health), [Level::WARN]);
            health.sink_warns(None);
            assert_eq!(levels.taken_of(&mut health), [Level::INFO]);
            assert_eq!(health.sink_warning(), None);
        });
    }

    #[test]
    fn only_a_replaced_ledger_is_hopeless() {
        for (kind, hopeless) in
            [(ErrorKind::Busy, false), (ErrorKind::Corrupt, false), (ErrorKind::Replaced, true)]
        {
            let mut health = Health::default();
            health.sink_failed(kind, String::new());
            assert_eq!(health.is_hopeless(), hopeless, "{kind}");
        }
    }
}
