//! The state of a log that is remembered from run to run, in bytes.

use super::file::Place;

/// The format's version.
const VERSION: u8 = 1;

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) newest: i64,
    pub(super) lines: u64,
    pub(super) places: Vec<Place>,
}

impl State {
    pub(super) fn write(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        bytes.extend(self.newest.to_be_bytes());
        bytes.extend(self.lines.to_be_bytes());
        self.places.iter().for_each(|place| place.write(&mut bytes));
        bytes
    }

    /// `None` for what is no cursor of this version: then all is read from the start.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (version, bytes) = bytes.split_first()?;
        let (newest, bytes) = bytes.split_first_chunk()?;
        let (lines, bytes) = bytes.split_first_chunk()?;
        if *version != VERSION || !bytes.len().is_multiple_of(Place::BYTES) {
            return None;
        }
        let places = bytes.chunks(Place::BYTES).map(Place::read).collect::<Option<_>>()?;
        Some(Self {
            newest: i64::from_be_bytes(*newest),
            lines: u64::from_be_bytes(*lines),
            places,
        })
    }
}
