//! The id that makes a record idempotent.

use std::fmt;

use super::{Field, RecordError, check_text};

/// The longest event id, in bytes of UTF-8.
pub const MAX_EVENT_ID_BYTES: usize = 64;

/// A caller's own id of a request, unique for an instance: the same id again is the same request.
///
/// Providers' request ids and UUIDs both fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Box<str>);

impl EventId {
    /// Checks the id and keeps it.
    ///
    /// # Errors
    /// When it is empty, longer than [`MAX_EVENT_ID_BYTES`], or holds a NUL.
    pub fn new(id: impl Into<Box<str>>) -> Result<Self, RecordError> {
        Self::in_field(Field::EventId, id)
    }

    /// As [`new`](Self::new), named as this field in an error.
    pub(super) fn in_field(field: Field, id: impl Into<Box<str>>) -> Result<Self, RecordError> {
        let id = id.into();
        if id.is_empty() {
            return Err(RecordError::Empty { field });
        }
        check_text(field, &id, MAX_EVENT_ID_BYTES)?;
        Ok(Self(id))
    }

    /// The id as text.
    #[must_use]
    pub const fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
