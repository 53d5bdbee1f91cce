//! The values that travel through the channel.

use usage_core::{Context, Counts, Record};

use super::labels::LabelId;

/// A record, whole or with the number of its names in their place, or nothing.
pub(super) enum Slot {
    Record(Record),
    /// At [`LabelId::NONE`]: nothing, an empty slot that keeps a closed channel full.
    Registered(LabelId, Counts, Context),
}

// A record has one spare bit pattern, which tells the two apart: the slot costs no room.
const _: () = assert!(size_of::<Slot>() == size_of::<Record>());

impl Slot {
    pub(super) const fn empty() -> Self {
        Self::Registered(LabelId::NONE, Counts::NONE, Context::NONE)
    }
}
