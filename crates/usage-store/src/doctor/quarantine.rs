//! The things that could not become a record, by the reason.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde::Serialize;

use crate::error::ReadError;
use crate::ledger::migrations::FIRST_WITH_QUARANTINE;
use crate::write::before_horizon::Quarantined;

/// The contents of the quarantine of a ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct QuarantineContents {
    // In the order of the JSON: what is added comes at the end.
    /// The number of records that the database itself has refused, or that were older than the ledger took.
    pub records: u64,
    /// The number of pieces of journals that could not be read.
    pub pieces: u64,
    /// The number of records that are lost with them, as far as that is known.
    pub lost: u64,
    /// The reasons, the most frequent first; at most 20 of them.
    pub reasons: Vec<Reason>,
    /// The number of further reasons.
    pub more: u64,
    /// Of how many of the pieces it is not known.
    pub unknown: u64,
    /// The number of the records that were older than the ledger took.
    pub quarantined: u64,
    /// The number of further ones that found no room and are lost.
    pub overflow: u64,
}

/// The reason why something is in quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Reason {
    /// The kind of thing that is in quarantine.
    pub kind: Kind,
    /// The reason, in the words of the database or of the journal.
    pub reason: String,
    /// Their number.
    pub count: u64,
    /// The first few: a record as its line, a piece of a journal as where it was.
    pub first: Vec<String>,
}

/// A kind of thing that is in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// A record that the database itself refuses, or that is older than the ledger takes.
    Record,
    /// A piece of a journal that could not be read.
    Journal,
}

/// The number of reasons that are kept. More are counted.
const MAX_REASONS: usize = 20;

/// The number of things of a kind that are shown.
const FIRST: i64 = 3;

impl QuarantineContents {
    /// Returns whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.records == 0 && self.pieces == 0 && self.overflow == 0
    }

    pub(super) fn read(connection: &Connection, version: i32) -> Result<Self, ReadError> {
        let quarantine = match version {
            ..FIRST_WITH_QUARANTINE => Quarantined::default(),
            _ => Quarantined::read(connection)?,
        };
        let (records, pieces, lost, unknown) = connection.query_row(
            "SELECT count(*) FILTER (WHERE kind = 'record'),
                    count(*) FILTER (WHERE kind = 'journal'),
                    total(records) FILTER (WHERE kind = 'journal'),
                    count(*) FILTER (WHERE kind = 'journal' AND records IS NULL)
             FROM set_aside",
            [],
            |row| {
                let counts = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?);
                Ok((counts.0, counts.1, row.get::<_, f64>(2)?, row.get::<_, i64>(3)?))
            },
        )?;
        let mut statement = connection.prepare(
            "SELECT kind, reason, count(*) AS number FROM set_aside
             GROUP BY kind, reason ORDER BY number DESC, min(id)",
        )?;
        let (mut reasons, mut more) = (Vec::new(), 0);
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if reasons.len() == MAX_REASONS {
                more += 1;
                continue;
            }
            let kind: String = row.get(0)?;
            let reason = text(row.get_ref(1)?)?;
            let first = first(connection, &kind, &reason)?;
            let kind = if kind == "journal" { Kind::Journal } else { Kind::Record };
            reasons.push(Reason { kind, reason, count: number(row.get(2)?), first });
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a sum of counts, which is neither negative nor that large"
        )]
        let lost = lost as u64;
        Ok(Self {
            records: number(records),
            quarantined: quarantine.records,
            overflow: quarantine.overflow,
            pieces: number(pieces),
            lost,
            unknown: number(unknown),
            reasons,
            more,
        })
    }
}

fn first(connection: &Connection, kind: &str, reason: &str) -> Result<Vec<String>, ReadError> {
    let mut statement = connection.prepare_cached(
        "SELECT CASE kind WHEN 'record' THEN CAST(substr(content, 1, 4096) AS TEXT)
                ELSE bytes || ' bytes at ' || place || ' of ' || lower(hex(segment)) || '.segment'
                END
         FROM set_aside WHERE kind = ?1 AND reason = ?2 ORDER BY id LIMIT ?3",
    )?;
    let rows =
        statement.query_map(rusqlite::params![kind, reason, FIRST], |row| text(row.get_ref(0)?))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A text, whatever somebody or something has put there.
pub(super) fn text(value: ValueRef<'_>) -> rusqlite::Result<String> {
    let bytes = value.as_bytes_or_null()?.unwrap_or_default();
    Ok(String::from_utf8_lossy(bytes).into_owned())
}

fn number(count: i64) -> u64 {
    count.unsigned_abs()
}
