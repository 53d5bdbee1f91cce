//! What agents count themselves, beside what they log.

/// The total that an agent states of a session: to be compared with what its log says, never to be stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The session.
    pub session: String,
    /// When it began, in microseconds since 1970.
    pub start: i64,
    /// Other sessions that are within the total, as this one was forked from them.
    pub within: Vec<String>,
    /// Input, output, cache reads and cache writes, in tokens.
    pub tokens: [u64; 4],
}
