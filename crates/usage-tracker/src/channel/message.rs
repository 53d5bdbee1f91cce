//! The values that travel through the channel.

use usage_core::{Counts, Record};

use super::labels::LabelId;

/// A record, whole or with the number of its names, or nothing.
pub(super) enum Message {
    Record(Record),
    /// A record with the id of its names; with [`LabelId::NONE`] nothing: it keeps a closed channel full.
    Registered(LabelId, Counts),
}

/// A message as it lies in the channel, on one cache line. On two, which is what the allocator would give it, a
/// recording thread fetches both from the processor of the thread that drains.
#[repr(align(64))]
pub(super) struct Aligned(pub(super) Message);

// A record has one spare bit pattern, which tells the two kinds apart: the message costs no room.
const _: () = assert!(size_of::<Aligned>() == size_of::<Record>());

impl Message {
    /// Returns the message that is nothing.
    pub(super) const fn empty() -> Self {
        Self::Registered(LabelId::NONE, Counts::NONE)
    }
}
