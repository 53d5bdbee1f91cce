//! Bounds on what one client, and all of them together, may take of the server.

use std::time::Duration;

/// A body up to this size is read without asking for one of the few places for large ones.
pub(crate) const SMALL_BODY: usize = 64 * 1024;

/// Bounds on what one client, and all of them together, may take of the server. The default suits a machine of any
/// size; sizes are in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The size that a body may have, uncompressed. 16 MiB.
    pub body: usize,
    /// The number of bodies over 64 KiB that are read at the same time; others wait. 4.
    pub large_bodies: usize,
    /// The number of connections; more are answered with 503. 2,048.
    pub connections: usize,
    /// The time for the headers of a request, and for a connection without one. 30 s.
    pub headers_time: Duration,
    /// The time for the whole body of a request. 30 s.
    pub body_time: Duration,
    /// The time for which a client may take nothing of an answer. 30 s.
    pub write_time: Duration,
    /// The time that a question to the ledger may take. 30 s.
    pub answer_time: Duration,
    /// The time for the journal to have what was sent. 10 s.
    pub journal_time: Duration,
    /// The time that a request waits for room, be it that of a large body or in the channel to the journal. 5 s.
    pub room_time: Duration,
    /// The number of questions to the ledger that are answered at the same time; others wait. 4.
    pub questions: usize,
    /// The number of those who are told of changes. 64.
    pub subscribers: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 16 * 1024 * 1024,
            large_bodies: 4,
            connections: 2_048,
            headers_time: Duration::from_secs(30),
            body_time: Duration::from_secs(30),
            write_time: Duration::from_secs(30),
            answer_time: Duration::from_secs(30),
            journal_time: Duration::from_secs(10),
            room_time: Duration::from_secs(5),
            questions: 4,
            subscribers: 64,
        }
    }
}
