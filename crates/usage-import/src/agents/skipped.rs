//! What was not read of a tree, by reason.

use std::collections::BTreeMap;

/// Why a file, a folder or a line was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum SkipReason {
    /// A link led to a folder that was walked already, or to itself.
    Link,
    /// It is neither a file nor a folder: a pipe, a socket, a device.
    NoFile,
    /// This user may not read it.
    NoPermission,
    /// It went away, or became shorter, while it was read. The next import looks again.
    Vanished,
    /// It lies too deep.
    TooDeep,
    /// The tree has more files than are read at a time.
    TooMany,
    /// Another file says of the same session what it has come to, or a link led to it before.
    Copy,
    /// It is compressed in a way that is not read, or its text is not UTF-8.
    Foreign,
    /// The disk did not give it, or it cannot be decompressed.
    Unreadable,
    /// A line is longer than what is read of a line, or a file that is read as a whole than what is read of such.
    LongLine,
    /// A line, or a file, that should tell of usage is not what it should be.
    Malformed,
}

impl SkipReason {
    /// Returns what was skipped, in words, of one or of several.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Link => "links that lead in a circle",
            Self::NoFile => "neither files nor folders",
            Self::NoPermission => "without permission to read",
            Self::Vanished => "changed while read",
            Self::TooDeep => "too deep",
            Self::TooMany => "too many files",
            Self::Copy => "second copies",
            Self::Foreign => "packed, or not in UTF-8",
            Self::Unreadable => "unreadable",
            Self::LongLine => "lines or files too long",
            Self::Malformed => "malformed",
        }
    }
}

/// The counts of all that was not read, by reason, with the first of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped(BTreeMap<SkipReason, (u64, String)>);

impl Skipped {
    /// Counts one more, and keeps where it is, if it is the first for this reason.
    pub fn add(&mut self, reason: SkipReason, place: impl FnOnce() -> String) {
        let (count, _) = self.0.entry(reason).or_insert_with(|| (0, place()));
        *count += 1;
    }

    /// Counts all of these too.
    pub fn add_all(&mut self, other: Self) {
        for (reason, (count, first)) in other.0 {
            let (all, _) = self.0.entry(reason).or_insert_with(|| (0, first));
            *all += count;
        }
    }

    /// Returns the number that was skipped for a reason.
    #[must_use]
    pub fn count(&self, reason: SkipReason) -> u64 {
        self.0.get(&reason).map_or(0, |(count, _)| *count)
    }

    /// Returns whether all was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns each reason with its count and the first place.
    pub fn iter(&self) -> impl Iterator<Item = (SkipReason, u64, &str)> {
        self.0.iter().map(|(reason, (count, first))| (*reason, *count, first.as_str()))
    }
}
