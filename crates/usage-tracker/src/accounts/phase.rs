//! The one state machine of a tracker.

/// The phase that a tracker is in. It says what its threads may do next; all of them read it under the lock
/// of the accounts, in the same moment as the numbers that it goes with.
///
/// | phase | takes records | calls the sink | ends when |
/// |---|---|---|---|
/// | `Running` | yes | as the batching rule says | |
/// | `Flushing` | yes | without collecting | all that a caller waits for is acknowledged |
/// | `Closing` | no | without collecting | nothing is left |
/// | `Abandoning` | no | no | the threads have stopped |
/// | `Stopped` | no | no | never |
///
/// An event takes it from one phase to the next; where the table has a dot, it stays.
///
/// | | `Flush` | `Flushed` | `Close` | `GiveUp` | `Stop` |
/// |---|---|---|---|---|---|
/// | `Running` | `Flushing` | · | `Closing` | `Abandoning` | `Stopped` |
/// | `Flushing` | · | `Running` | `Closing` | `Abandoning` | `Stopped` |
/// | `Closing` | · | · | · | `Abandoning` | `Stopped` |
/// | `Abandoning` | · | · | · | · | `Stopped` |
/// | `Stopped` | · | · | · | · | · |
///
/// Two things stand apart from it: whether the owner still wants what is left (`State::owner_gone`), and
/// whether the sink is at work (`State::sink_busy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Running,
    Flushing,
    Closing,
    Abandoning,
    Stopped,
}

/// An event that takes a tracker from one phase to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A caller waits for records to be stored.
    Flush,
    /// All that callers wait for is acknowledged.
    Flushed,
    /// The owner shuts the tracker down, or a thread of it panicked.
    Close,
    /// The sink shall not be called again: the last caller's deadline has passed, the owner is gone, or
    /// the sink can only be helped by opening it again.
    GiveUp,
    /// The threads have nothing left to do.
    Stop,
}

impl Phase {
    /// Returns the phase after an event, as the table says.
    #[must_use]
    pub(crate) const fn after(self, event: Event) -> Self {
        match (self, event) {
            (Self::Stopped, _) | (_, Event::Stop) => Self::Stopped,
            (Self::Abandoning, _) | (_, Event::GiveUp) => Self::Abandoning,
            (Self::Closing, _) | (_, Event::Close) => Self::Closing,
            (_, Event::Flush) => Self::Flushing,
            (_, Event::Flushed) => Self::Running,
        }
    }

    /// Returns whether records are taken.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Running | Self::Flushing)
    }

    /// Returns whether the sink may be called.
    pub(crate) const fn calls_sink(self) -> bool {
        !matches!(self, Self::Abandoning | Self::Stopped)
    }

    /// Returns whether somebody waits for what there is: then no batch is collected.
    pub(crate) const fn is_urgent(self) -> bool {
        !matches!(self, Self::Running)
    }

    /// Returns whether the threads have stopped.
    pub(crate) const fn is_stopped(self) -> bool {
        matches!(self, Self::Stopped)
    }
}

#[cfg(test)]
mod tests {
    use super::Phase::{Abandoning, Closing, Flushing, Running, Stopped};
    use super::*;

    const EVENTS: [Event; 5] =
        [Event::Flush, Event::Flushed, Event::Close, Event::GiveUp, Event::Stop];

    /// The table of the documentation, with a phase where that has a dot.
    const TABLE: [(Phase, [Phase; 5]); 5] = [
        (Running, [Flushing, Running, Closing, Abandoning, Stopped]),
        (Flushing, [Flushing, Running, Closing, Abandoning, Stopped]),
        (Closing, [Closing, Closing, Closing, Abandoning, Stopped]),
        (Abandoning, [Abandoning, Abandoning, Abandoning, Abandoning, Stopped]),
        (Stopped, [Stopped, Stopped, Stopped, Stopped, Stopped]),
    ];

    #[test]
    fn each_event_leads_where_the_table_says() {
        for (phase, row) in TABLE {
            for (event, expected) in EVENTS.into_iter().zip(row) {
                assert_eq!(phase.after(event), expected, "{phase:?} after {event:?}");
            }
        }
    }

    /// A tracker that was closed is never open again, one that gave up stores nothing more, and one that
    /// has stopped stays so.
    #[test]
    fn there_is_no_way_back_but_from_a_flush() {
        for (phase, row) in TABLE {
            for next in row {
                assert!(phase.is_open() || !next.is_open(), "{phase:?} {next:?}");
                assert!(phase.calls_sink() || !next.calls_sink(), "{phase:?} {next:?}");
                assert!(!phase.is_stopped() || next.is_stopped(), "{phase:?} {next:?}");
            }
        }
    }

    /// Any event twice is the same as once: several threads may report the same thing.
    #[test]
    fn an_event_twice_is_the_same_as_once() {
        for (phase, _) in TABLE {
            for event in EVENTS {
                assert_eq!(phase.after(event).after(event), phase.after(event));
            }
        }
    }
}
