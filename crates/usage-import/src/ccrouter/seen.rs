//! Noticing from outside that there may be new rows.

use std::path::Path;

use usage_store::file::{FileStamp, with_ending};

/// The look of an origin before it was read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen([FileStamp; 2]);

impl Seen {
    pub(super) fn of(path: &Path) -> Self {
        Self([FileStamp::of(path), FileStamp::of(&with_ending(path, "-wal"))])
    }

    /// Returns whether any change since then would have made it look otherwise. Asked when it is made.
    pub(super) fn is_settled(&self) -> bool {
        self.0.iter().all(FileStamp::is_settled)
    }
}
