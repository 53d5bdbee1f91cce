//! The journals as the ledger remembers them: how far each segment is stored.

use rusqlite::{Connection, OptionalExtension};
use usage_core::sink::{Position, Replay, SegmentId};

use crate::error::{StoreError, WorkError};
use crate::write::{quarantine, sources};

/// Returns the place up to which a segment is stored.
pub(crate) fn position(
    connection: &Connection,
    segment: SegmentId,
) -> rusqlite::Result<Option<Position>> {
    Ok(sources::cursor(connection, &name_of(segment))?.as_deref().and_then(position_from))
}

/// As [`position`], also of a ledger from before version 5.
pub(crate) fn position_of_any_version(
    connection: &Connection,
    segment: SegmentId,
) -> rusqlite::Result<Option<Position>> {
    let Ok(mut statement) =
        connection.prepare_cached("SELECT generation, sequence FROM journals WHERE segment = ?1")
    else {
        return position(connection, segment);
    };
    let number = |number: i64| number.unsigned_abs();
    statement
        .query_row([segment.as_bytes()], |row| {
            let (generation, sequence) = (number(row.get(0)?), number(row.get(1)?));
            Ok(Position { generation, sequence })
        })
        .optional()
}

/// The reason why nothing of a replay was stored.
#[derive(Debug)]
pub(crate) enum Unreplayed {
    /// The ledger stands elsewhere.
    Moved(Position),
    Failed(StoreError),
}

impl From<StoreError> for Unreplayed {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Quarantines a replay's damage, if the ledger stands where the replay begins; else breaks off with where it
/// stands.
pub(crate) fn begin(
    connection: &Connection,
    replay: &Replay<'_>,
) -> Result<(), WorkError<Unreplayed>> {
    let Replay { segment, from, damage, .. } = *replay;
    let stands = Position::stands(position(connection, segment)?, from.generation);
    if stands != from {
        return Err(WorkError::Own(Unreplayed::Moved(stands)));
    }
    for damage in damage {
        quarantine::damage(connection, segment, from, damage)?;
    }
    Ok(())
}

/// Moves the position to where a replay ends.
pub(crate) fn advance(connection: &Connection, replay: &Replay<'_>) -> rusqlite::Result<()> {
    sources::advance(connection, &name_of(replay.segment), &bytes_of_position(replay.to), None)
}

pub(crate) fn forget(connection: &Connection, segment: SegmentId) -> rusqlite::Result<()> {
    sources::forget(connection, &name_of(segment))
}

/// Returns the name of a segment among the sources; a migration knows it too.
fn name_of(segment: SegmentId) -> String {
    format!("journal:{segment}")
}

fn bytes_of_position(position: Position) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&position.generation.to_be_bytes());
    bytes[8..].copy_from_slice(&position.sequence.to_be_bytes());
    bytes
}

fn position_from(bytes: &[u8]) -> Option<Position> {
    let (generation, sequence) = bytes.split_first_chunk::<8>()?;
    let sequence = u64::from_be_bytes(sequence.try_into().ok()?);
    Some(Position { generation: u64::from_be_bytes(*generation), sequence })
}
