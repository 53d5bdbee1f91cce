//! How far an origin has been imported, kept in the ledger beside the records.

use rusqlite::{Connection, OptionalExtension, params};

/// How far an origin has been imported. Committed with the records it speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Watermark {
    /// The row that was looked at last.
    pub(super) last_id: i64,
    /// The fingerprint of that row: an origin that was deleted and made again starts its ids
    /// anew, and has another row there.
    pub(super) last_row: i64,
    pub(super) counts: Counts,
}

/// What became of the rows up to there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) imported: i64,
    pub(super) already_there: i64,
    pub(super) refused: i64,
}

impl Counts {
    pub(super) const fn rows(self) -> i64 {
        self.imported + self.already_there + self.refused
    }

    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            imported: self.imported + other.imported,
            already_there: self.already_there + other.already_there,
            refused: self.refused + other.refused,
        }
    }
}

/// Reads the watermark of an origin.
pub(super) fn read(connection: &Connection, source: &str) -> rusqlite::Result<Option<Watermark>> {
    connection
        .prepare_cached(
            "SELECT last_id, last_row, imported, already_there, refused FROM imports \
             WHERE source = ?1",
        )?
        .query_row([source], |row| {
            let counts =
                Counts { imported: row.get(2)?, already_there: row.get(3)?, refused: row.get(4)? };
            Ok(Watermark { last_id: row.get(0)?, last_row: row.get(1)?, counts })
        })
        .optional()
}

/// Replaces the watermark of an origin.
pub(super) fn write(
    connection: &Connection,
    source: &str,
    watermark: &Watermark,
) -> rusqlite::Result<()> {
    let Watermark { last_id, last_row, counts } = watermark;
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO imports \
             (source, last_id, last_row, imported, already_there, refused) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            source,
            last_id,
            last_row,
            counts.imported,
            counts.already_there,
            counts.refused
        ])
        .map(drop)
}
