//! Records that are older than the ledger takes: kept, within limits, until somebody decides.

use rusqlite::{Connection, params};
use usage_core::Record;
use usage_core::record::line;
use usage_core::sink::RefusalReason;

/// The reason that such a record is quarantined with.
pub(crate) const BEFORE_HORIZON: &str = "before horizon";

/// The number of records that are quarantined at most; one that comes then is counted and not kept.
pub const MAX_QUARANTINED: u64 = 100_000;

/// The number of bytes that the lines of quarantined records have together at most, or a line more.
pub const MAX_QUARANTINED_BYTES: u64 = 64 << 20;

/// The extent of the quarantine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quarantined {
    /// The number of records.
    pub records: u64,
    /// The number of bytes of their lines.
    pub bytes: u64,
    /// The number of records that found no room and are lost. One that comes again is counted again, as nothing of it
    /// was kept.
    pub overflow: u64,
}

impl Quarantined {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        connection
            .prepare_cached(
                "SELECT quarantined, quarantined_bytes, quarantine_overflow FROM retention",
            )?
            .query_row([], |row| {
                let number = |index| row.get::<_, i64>(index).map(|n| n.max(0).unsigned_abs());
                Ok(Self { records: number(0)?, bytes: number(1)?, overflow: number(2)? })
            })
    }

    const fn is_full(&self) -> bool {
        self.records >= MAX_QUARANTINED || self.bytes >= MAX_QUARANTINED_BYTES
    }
}

/// Quarantines a record that is older than the ledger takes; answers why it is refused.
///
/// One with an event id that is there already, with the same content, is not kept a second time.
pub(crate) fn add(connection: &Connection, record: &Record) -> rusqlite::Result<RefusalReason> {
    let line = line::write(record).into_bytes();
    if record.event_id().is_some() && held(connection, &line)? > 0 {
        return Ok(RefusalReason::BeforeHorizon);
    }
    if Quarantined::read(connection)?.is_full() {
        connection
            .prepare_cached("UPDATE retention SET quarantine_overflow = quarantine_overflow + 1")?
            .execute([])?;
        return Ok(RefusalReason::QuarantineFull);
    }
    connection
        .prepare_cached(
            "INSERT INTO set_aside (kind, content, reason, records) VALUES ('record', ?1, ?2, 1)",
        )?
        .execute(params![line, BEFORE_HORIZON])?;
    Ok(RefusalReason::BeforeHorizon)
}

/// Returns the number of quarantined records of the very same content.
pub(crate) fn count(connection: &Connection, record: &Record) -> rusqlite::Result<u64> {
    held(connection, line::write(record).as_bytes())
}

fn held(connection: &Connection, line: &[u8]) -> rusqlite::Result<u64> {
    // The reason as the index has it.
    connection
        .prepare_cached(
            "SELECT count(*) FROM set_aside WHERE reason = 'before horizon' AND content = ?1",
        )?
        .query_row([line], |row| row.get(0))
        .map(i64::unsigned_abs)
}
