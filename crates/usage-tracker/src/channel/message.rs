//! The values that travel through the channel.

use usage_core::{Counts, Record};

use super::labels::LabelId;

/// A record, whole or with the number of its names, or nothing.
pub(super) enum Message {
    Record(Record),
    /// A record with the id of its names; with [`LabelId::NONE`] nothing: it keeps a closed channel full.
    Registered(LabelId, Counts),
}

// A record has one spare bit pattern, which tells the two apart: the message costs no room.
const _: () = assert!(size_of::<Message>() == size_of::<Record>());

impl Message {
    pub(super) const fn empty() -> Self {
        Self::Registered(LabelId::NONE, Counts::NONE)
    }
}
