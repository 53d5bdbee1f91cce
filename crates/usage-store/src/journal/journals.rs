//! What the ledger remembers of journals: how far each segment is stored.

use std::ops::ControlFlow;

use rusqlite::{Connection, OptionalExtension, params};
use usage_core::sink::{Position, Replay, SegmentId};

use crate::write::set_aside;

/// How far a segment is stored.
pub(crate) fn position(
    connection: &Connection,
    segment: SegmentId,
) -> rusqlite::Result<Option<Position>> {
    connection
        .prepare_cached("SELECT generation, sequence FROM journals WHERE segment = ?1")?
        .query_row([segment.as_bytes()], |row| {
            let (generation, sequence): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok(Position {
                generation: generation.unsigned_abs(),
                sequence: sequence.unsigned_abs(),
            })
        })
        .optional()
}

/// Moves the position to where a replay ends, and sets its damage aside; or breaks with the
/// position where the ledger stands, if that is not where the replay begins.
pub(crate) fn advance(
    connection: &Connection,
    replay: &Replay<'_>,
) -> rusqlite::Result<ControlFlow<Position>> {
    let Replay { segment, from, to, damage, .. } = *replay;
    let unbegun = Position { generation: from.generation, sequence: 0 };
    let stands = match position(connection, segment)? {
        None => unbegun,
        // Of an older generation: nothing of this one is stored.
        Some(older) if older.generation < from.generation && from.sequence == 0 => unbegun,
        Some(position) => position,
    };
    if stands != from {
        return Ok(ControlFlow::Break(stands));
    }
    for damage in damage {
        set_aside::damage(connection, segment, from, damage)?;
    }
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO journals (segment, generation, sequence) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![segment.as_bytes(), number(to.generation)?, number(to.sequence)?])?;
    Ok(ControlFlow::Continue(()))
}

pub(crate) fn forget(connection: &Connection, segment: SegmentId) -> rusqlite::Result<()> {
    connection
        .prepare_cached("DELETE FROM journals WHERE segment = ?1")?
        .execute([segment.as_bytes()])
        .map(drop)
}

fn number(number: u64) -> rusqlite::Result<i64> {
    i64::try_from(number).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}
