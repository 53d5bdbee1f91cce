//! Damage to a journal, with codes that stay the same.

use std::fmt;

/// A piece of a journal that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The place where it lies in its segment, in bytes from the start.
    pub offset: u64,
    /// The number of bytes it spans.
    pub length: u64,
    /// The number of records in it, where that is known.
    pub records: Option<u64>,
    /// The fault found in it.
    pub reason: DamageReason,
    /// Its bytes, as far as there are any to keep.
    pub bytes: Vec<u8>,
}

/// Says what is wrong with a piece of a journal. Reads as a sentence with its [code](Self::code) behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DamageReason {
    /// `journal/header`: one of a segment's two headers is damaged.
    Header,
    /// `journal/no-frame`: no whole frame begins here.
    NoFrame,
    /// `journal/short-frame`: the file ends in the middle of a frame.
    ShortFrame,
    /// `journal/checksum`: the checksum of a frame's content is wrong.
    Checksum,
    /// `journal/no-records`: the content of a whole frame is no list of records.
    NoRecords,
    /// `journal/record-count`: a whole frame holds another number of records than its header says.
    RecordCount,
    /// `journal/invalid-record`: a whole frame holds what no record may hold.
    InvalidRecord,
    /// `journal/missing-records`: records are missing between two frames.
    MissingRecords,
    /// `journal/torn-end`: what was written last is torn or damaged.
    TornEnd,
    /// `journal/cut-short`: the file is shorter than it was.
    CutShort,
}

impl DamageReason {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Header,
        Self::NoFrame,
        Self::ShortFrame,
        Self::Checksum,
        Self::NoRecords,
        Self::RecordCount,
        Self::InvalidRecord,
        Self::MissingRecords,
        Self::TornEnd,
        Self::CutShort,
    ];

    /// Returns the code, which stays the same from version to version.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Header => "journal/header",
            Self::NoFrame => "journal/no-frame",
            Self::ShortFrame => "journal/short-frame",
            Self::Checksum => "journal/checksum",
            Self::NoRecords => "journal/no-records",
            Self::RecordCount => "journal/record-count",
            Self::InvalidRecord => "journal/invalid-record",
            Self::MissingRecords => "journal/missing-records",
            Self::TornEnd => "journal/torn-end",
            Self::CutShort => "journal/cut-short",
        }
    }
}

impl fmt::Display for DamageReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Header => "one of the two headers is damaged",
            Self::NoFrame => "no whole frame begins here",
            Self::ShortFrame => "the file ends in the middle of a frame",
            Self::Checksum => "the checksum of a frame's content is wrong",
            Self::NoRecords => "its checksum is right, but its content is no list of records",
            Self::RecordCount => "its checksum is right, but it holds another number of records",
            Self::InvalidRecord => "its checksum is right, but it holds what no record may hold",
            Self::MissingRecords => "records are missing",
            Self::TornEnd => "what was written last is torn or damaged",
            Self::CutShort => "the file is cut short",
        };
        write!(f, "{text} ({})", self.code())
    }
}
