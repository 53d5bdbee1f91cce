//! What differs between the versions of Claude Code that real folders hold.

/// What the rows of one message say of its output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// The whole, but for one message in ten.
    MostlyFinal,
    /// What the first event of the stream says, always.
    Placeholder,
    /// The whole in the last row, what the stream begins with in those before.
    LastFinal,
    Final,
}

/// Where the rows of a subagent go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Subagents {
    Inline,
    /// A file beside the session's.
    Beside,
    /// A file in a folder of the session.
    Below,
}

pub(super) struct Version {
    pub(super) name: &'static str,
    pub(super) output: Output,
    pub(super) subagents: Subagents,
    /// A resumed session is a new file that begins with the old one's rows, without request ids.
    pub(super) loses_request_ids: bool,
    /// Rows of a subagent are repeated within `progress` rows of its parent.
    pub(super) nested: bool,
    /// Requests are logged apart, with their shape and totals, and copies name their session.
    pub(super) newest: bool,
}

const OLDEST: Version = Version {
    name: "1.0.63",
    output: Output::MostlyFinal,
    subagents: Subagents::Inline,
    loses_request_ids: true,
    nested: false,
    newest: false,
};
const PARALLEL: Version =
    Version { name: "2.0.71", subagents: Subagents::Beside, loses_request_ids: false, ..OLDEST };
const NESTED: Version = Version {
    name: "2.1.31",
    output: Output::Placeholder,
    subagents: Subagents::Below,
    nested: true,
    ..PARALLEL
};
const LAST_ROW: Version =
    Version { name: "2.1.74", output: Output::LastFinal, nested: false, ..NESTED };
const ALL_ROWS: Version = Version { name: "2.1.199", output: Output::Final, ..LAST_ROW };
const NEWEST: Version = Version { name: "2.1.328", newest: true, ..ALL_ROWS };

/// The oldest first, each with how many of a hundred sessions it wrote.
pub(super) const VERSIONS: [(u64, &Version); 6] =
    [(8, &OLDEST), (10, &PARALLEL), (22, &NESTED), (20, &LAST_ROW), (25, &ALL_ROWS), (15, &NEWEST)];
