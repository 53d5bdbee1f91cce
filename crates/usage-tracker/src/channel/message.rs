//! The values that travel through the channel.

use usage_core::{Context, Counts, Record};

use super::labels::LabelId;

/// A record, whole or with the number of its names, or nothing.
pub(super) enum Message {
    Record(Record),
    /// A record with the id of its names; with [`LabelId::NONE`] nothing: it keeps a closed channel full.
    Registered(LabelId, Counts, Context),
}

/// A message as it lies in the channel, on a pair of cache lines that processors fetch together. On three, which is
/// what the allocator would give it, a recording thread fetches more from the processor of the thread that drains.
#[repr(align(128))]
pub(super) struct Aligned(pub(super) Message);

// A record has one spare bit pattern, which tells the two kinds apart: the message costs no room.
const _: () = assert!(size_of::<Message>() == size_of::<Record>() && size_of::<Aligned>() == 128);

impl Message {
    /// Returns the message that is nothing.
    pub(super) const fn empty() -> Self {
        Self::Registered(LabelId::NONE, Counts::NONE, Context::NONE)
    }
}
