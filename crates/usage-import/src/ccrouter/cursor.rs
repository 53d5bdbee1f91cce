//! The place up to which an origin has been imported, in the bytes of a cursor.

/// The place up to which an origin has been imported. Committed with the records it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// The row that was looked at last.
    pub(super) last_id: i64,
    /// The fingerprint of that row: an origin that was deleted and made again starts its ids
    /// anew, and has another row there.
    pub(super) last_row: i64,
}

impl Cursor {
    pub(super) fn to_bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.last_id.to_be_bytes());
        bytes[8..].copy_from_slice(&self.last_row.to_be_bytes());
        bytes
    }

    /// `None` for what is no such cursor: then all is looked at again.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (last_id, last_row) = bytes.split_first_chunk::<8>()?;
        let last_row = i64::from_be_bytes(last_row.try_into().ok()?);
        Some(Self { last_id: i64::from_be_bytes(*last_id), last_row })
    }
}
