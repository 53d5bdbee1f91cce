//! The formats of segments. A reader keeps every format that was ever released.

/// A format that this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// Seven numbers a record, all written.
    One = 1,
    /// A frame says which numbers it holds, a header when the machine was started, and a frame
    /// whether all before it was synced.
    Two = 2,
}

/// The reason that a format cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VersionError {
    /// No program writes it any more, and this one does not know it.
    TooOld,
    /// A newer program wrote it.
    TooNew,
}

impl Version {
    /// The format that new segments are written in.
    pub(crate) const CURRENT: Self = Self::Two;

    /// Returns the format with this number.
    pub(crate) const fn of(number: u8) -> Result<Self, VersionError> {
        match number {
            0 => Err(VersionError::TooOld),
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            3.. => Err(VersionError::TooNew),
        }
    }

    /// Returns its number, as it stands in the header.
    pub(crate) const fn number(self) -> u8 {
        self as u8
    }

    /// Returns the fewest bytes that a record takes.
    pub(super) const fn least_record(self) -> usize {
        match self {
            // A set, a time, seven numbers, a mark.
            Self::One => 10,
            // The same without numbers.
            Self::Two => 3,
        }
    }
}
