//! The place up to which each source of records is stored: a segment of a journal, an imported database, a file that is
//! followed. Moved in the transaction that stores.

use std::borrow::Cow;
use std::hash::Hasher as _;

use rusqlite::{Connection, OptionalExtension, params};
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use usage_core::sink::BatchOutcome;

use crate::error::Damaged;

/// The place up to which a source is stored, and what became of what it held.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Source {
    /// The place where it goes on. What the bytes mean is the source's own business.
    pub cursor: Vec<u8>,
    /// The outcome of it until there.
    pub counts: SourceCounts,
}

/// The outcome of the records of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceCounts {
    /// The number of records in the ledger through this source.
    pub stored: u64,
    /// The number of records that told more of what was there already.
    pub amended: u64,
    /// The number of records that were there already.
    pub duplicates: u64,
    /// The number of records that were refused: by the ledger, or as they are no records.
    pub refused: u64,
}

impl SourceCounts {
    /// Returns how many records it speaks of.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.stored + self.amended + self.duplicates + self.refused
    }

    /// Returns them with what became of further records.
    #[must_use]
    pub const fn plus(self, outcome: &BatchOutcome) -> Self {
        Self {
            stored: self.stored + outcome.stored,
            amended: self.amended + outcome.amended,
            duplicates: self.duplicates + outcome.duplicates,
            refused: self.refused + outcome.refused.len() as u64,
        }
    }

    fn to_bytes(self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        let Self { stored, amended, duplicates, refused } = self;
        for (to, number) in bytes.chunks_mut(8).zip([stored, duplicates, refused, amended]) {
            to.copy_from_slice(&number.to_be_bytes());
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. Nothing was counted where there are no bytes;
    /// `None` where they are none of these.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        if bytes.is_empty() {
            return Some(Self::default());
        }
        let bytes: &[u8; BYTES] = bytes.try_into().ok()?;
        let mut numbers = bytes.chunks(8).map(|bytes| bytes.try_into().map(u64::from_be_bytes));
        let mut next = || numbers.next()?.ok().filter(|number| *number <= MOST);
        let (stored, duplicates, refused) = (next()?, next()?, next()?);
        Some(Self { stored, amended: next()?, duplicates, refused })
    }
}

/// The number of bytes they take: four numbers.
const BYTES: usize = 32;

/// No count reaches this; sums of a few do not overflow.
const MOST: u64 = i64::MAX as u64;

/// What stands in the place of the path of a source in which a name was forgotten.
const HIDDEN: &str = "(forgotten) ";

/// Returns the kind of a source that has a path in its name. Others have numbers there, and there are many.
fn kind_with_path(name: &str) -> Option<&str> {
    let (kind, path) = name.split_once(':')?;
    let has_path = !["journal", "reconciled"].contains(&kind) && !path.starts_with(HIDDEN);
    has_path.then_some(kind)
}

/// Returns the name that hides the path in that of a source: none where it has no path, or it is hidden already.
pub(crate) fn hidden(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let Some(kind) = kind_with_path(name) else { return Ok(None) };
    let key: Option<[u8; 16]> =
        connection.prepare_cached("SELECT event_id_key FROM ledger")?.query_row([], |row| {
            Ok(row.get_ref(0)?.as_blob().ok().and_then(|key| key.try_into().ok()))
        })?;
    let mut hasher = SipHasher13::new_with_key(&key.ok_or_else(Damaged::event_key)?);
    // Not the hash of an event id: these do not begin so.
    hasher.write(b"\0\0\0");
    hasher.write(name.as_bytes());
    Ok(Some(format!("{kind}:{HIDDEN}{:032x}", hasher.finish128().as_u128())))
}

/// Returns the name under which a source is kept: its own, unless that is hidden.
fn kept<'n>(connection: &Connection, name: &'n str) -> rusqlite::Result<Cow<'n, str>> {
    let Some(kind) = kind_with_path(name) else { return Ok(name.into()) };
    // Nearly always there is none, and nothing to reckon.
    let any = connection
        .prepare_cached("SELECT 1 FROM sources WHERE name >= ?1 AND name < ?1 || char(1114111)")?
        .exists([format!("{kind}:{HIDDEN}")])?;
    let Some(hidden) = (if any { hidden(connection, name)? } else { None }) else {
        return Ok(name.into());
    };
    let is_hidden =
        connection.prepare_cached("SELECT 1 FROM sources WHERE name = ?1")?.exists([&hidden])?;
    Ok(if is_hidden { hidden.into() } else { name.into() })
}

/// Returns how far a source is stored; `None` where nothing of it ever was.
pub(crate) fn read(connection: &Connection, name: &str) -> rusqlite::Result<Option<Source>> {
    connection
        .prepare_cached("SELECT cursor, counts FROM sources WHERE name = ?1")?
        .query_row([kept(connection, name)?], |row| {
            let counts = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            // The doctor names counts that cannot be; they keep nobody from going on.
            let counts = SourceCounts::from_bytes(counts).unwrap_or_default();
            Ok(Source { cursor: row.get(0)?, counts })
        })
        .optional()
}

/// Returns the cursor of a source.
pub(crate) fn cursor(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    connection
        .prepare_cached("SELECT cursor FROM sources WHERE name = ?1")?
        .query_row([kept(connection, name)?], |row| row.get(0))
        .optional()
}

/// Moves a source. Journals count nothing.
pub(crate) fn advance(
    connection: &Connection,
    name: &str,
    to: &[u8],
    counts: Option<SourceCounts>,
) -> rusqlite::Result<()> {
    let counts = counts.map(SourceCounts::to_bytes);
    let counts = counts.as_ref().map_or(&[][..], |bytes| bytes);
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO sources (name, cursor, counts) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![kept(connection, name)?, to, counts])
        .map(drop)
}

/// Counts more of a source that stays where it is: its cursor may be long, and is not written again.
pub(crate) fn count(
    connection: &Connection,
    name: &str,
    counts: SourceCounts,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE sources SET counts = ?2 WHERE name = ?1")?
        .execute(params![kept(connection, name)?, counts.to_bytes()])
        .map(drop)
}

/// Forgets how far a source is stored.
pub(crate) fn forget(connection: &Connection, name: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM sources WHERE name = ?1")?
        .execute([kept(connection, name)?])
        .map(drop)
}
