//! What differs between the versions of Codex that real folders hold.

/// What a fork's file begins with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fork {
    None,
    /// The parent's rows with their own times.
    OldTimes,
    /// The parent's rows, all at the fork's time.
    NewTimes,
    /// Nothing: the rows are numbered on, and so are the totals.
    Numbered,
}

pub(super) struct Version {
    pub(super) name: &'static str,
    pub(super) fork: Fork,
    /// Totals begin again after a compaction.
    pub(super) totals_fall: bool,
    /// Turns have ids.
    pub(super) turn_ids: bool,
    /// The last count is written again before each request.
    pub(super) repeats: bool,
    /// Each request has a row of its own that names the response.
    pub(super) records: bool,
}

/// The oldest first.
pub(super) const VERSIONS: [Version; 5] = [
    Version {
        name: "0.47.0",
        fork: Fork::None,
        totals_fall: true,
        turn_ids: false,
        repeats: false,
        records: false,
    },
    Version {
        name: "0.98.0",
        fork: Fork::OldTimes,
        totals_fall: false,
        turn_ids: true,
        repeats: true,
        records: false,
    },
    Version {
        name: "0.120.0",
        fork: Fork::NewTimes,
        totals_fall: false,
        turn_ids: true,
        repeats: true,
        records: false,
    },
    Version {
        name: "0.150.1",
        fork: Fork::Numbered,
        totals_fall: false,
        turn_ids: true,
        repeats: false,
        records: false,
    },
    Version {
        name: "0.169.0",
        fork: Fork::Numbered,
        totals_fall: false,
        turn_ids: true,
        repeats: false,
        records: true,
    },
];
