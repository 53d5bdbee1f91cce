//! The header of a segment, which is there twice.

use usage_core::sink::{Damage, DamageReason, LedgerId, SegmentId};

use super::array;
use super::version::{Version, VersionError};

const MAGIC: &[u8; 7] = b"USGJRNL";
/// The offset of the format's number, in every format that there will be: a program that does
/// not know the format must still be able to say so.
const VERSION_AT: usize = 7;
const COPY_BYTES: usize = 64;

/// The size of both copies.
pub(crate) const HEADERS_BYTES: usize = 2 * COPY_BYTES;
/// The offset of the first frame.
pub(crate) const FRAMES_START: u64 = HEADERS_BYTES as u64;

/// The header of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) version: Version,
    pub(crate) segment: SegmentId,
    pub(crate) ledger: LedgerId,
    pub(crate) generation: u64,
    /// The size of the segment in bytes.
    pub(crate) size: u64,
    /// The number of the machine's run in which it was begun; 0 where that is not known, and in format 1.
    pub(crate) boot: u32,
}

/// A segment's header, and the damage to one of its copies.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Headers {
    pub(crate) header: Header,
    pub(crate) damage: Option<Damage>,
}

/// The reason that a segment cannot be read at all.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HeadersError {
    /// A newer format.
    Newer,
    /// Neither copy is whole.
    Unreadable,
}

impl Header {
    /// Makes the header of a segment that is begun now.
    pub(crate) const fn new(
        segment: SegmentId,
        ledger: LedgerId,
        generation: u64,
        size: u64,
        boot: u32,
    ) -> Self {
        Self { version: Version::CURRENT, segment, ledger, generation, size, boot }
    }

    /// Returns both copies, as they lie in the file.
    pub(crate) fn to_bytes(self) -> [u8; HEADERS_BYTES] {
        let mut bytes = [0; HEADERS_BYTES];
        let (copy, other) = bytes.split_at_mut(COPY_BYTES);
        copy[..VERSION_AT].copy_from_slice(MAGIC);
        copy[VERSION_AT] = self.version.number();
        copy[8..24].copy_from_slice(self.segment.as_bytes());
        copy[24..40].copy_from_slice(self.ledger.as_bytes());
        copy[40..48].copy_from_slice(&self.generation.to_le_bytes());
        copy[48..56].copy_from_slice(&self.size.to_le_bytes());
        copy[56..60].copy_from_slice(&self.boot.to_le_bytes());
        let checksum = crc32fast::hash(&copy[..60]);
        copy[60..].copy_from_slice(&checksum.to_le_bytes());
        other.copy_from_slice(copy);
        bytes
    }

    fn parse(copy: &[u8]) -> Option<Self> {
        let version = version(copy)?.ok()?;
        let checked = copy.get(..60)?;
        let whole = array(copy, 60).map(u32::from_le_bytes) == Some(crc32fast::hash(checked));
        whole.then_some(())?;
        Some(Self {
            version,
            segment: SegmentId::from_bytes(array(copy, 8)?),
            ledger: LedgerId::from_bytes(array(copy, 24)?),
            generation: u64::from_le_bytes(array(copy, 40)?),
            size: u64::from_le_bytes(array(copy, 48)?),
            boot: u32::from_le_bytes(array(copy, 56)?),
        })
    }
}

/// Returns the format that a copy names; `None` where it names none.
fn version(copy: &[u8]) -> Option<Result<Version, VersionError>> {
    copy.starts_with(MAGIC).then_some(())?;
    copy.get(VERSION_AT).map(|&number| Version::of(number))
}

impl Headers {
    /// Reads the first bytes of a segment, of which there may be fewer than [`HEADERS_BYTES`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, HeadersError> {
        let copy = |index: usize| {
            let at = index * COPY_BYTES;
            bytes.get(at..bytes.len().min(at + COPY_BYTES)).unwrap_or_default()
        };
        let header = match [Header::parse(copy(0)), Header::parse(copy(1))] {
            // They differ where the power went off between them: the later one counts.
            [Some(first), Some(second)] => {
                let header = if second.generation > first.generation { second } else { first };
                return Ok(Self { header, damage: None });
            }
            [Some(header), None] | [None, Some(header)] => header,
            // A newer program may keep its second copy elsewhere, or none.
            [None, None] => {
                let newer = version(copy(0)) == Some(Err(VersionError::TooNew));
                return Err(if newer { HeadersError::Newer } else { HeadersError::Unreadable });
            }
        };
        let damaged = usize::from(Header::parse(copy(0)).is_some());
        let bytes = copy(damaged);
        // A file that ends here is reported as cut, not as damaged.
        let damage = (bytes.len() == COPY_BYTES).then(|| Damage {
            offset: (damaged * COPY_BYTES) as u64,
            length: COPY_BYTES as u64,
            records: Some(0),
            reason: DamageReason::Header,
            bytes: bytes.to_vec(),
        });
        Ok(Self { header, damage })
    }
}
