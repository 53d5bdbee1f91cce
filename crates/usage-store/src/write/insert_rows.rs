//! The statement that puts rows into the table of records, several at once.

use std::borrow::Cow;

use rusqlite::{CachedStatement, Connection};
use usage_core::{EventId, Record};

use crate::ledger::columns::NUMBERS;
use crate::ledger::ids::RowIds;
use crate::ledger::more::COLUMNS as NUMBERED;

/// A row that waits for others to go in with.
pub(super) struct PendingRow<'r> {
    pub(super) id: i64,
    pub(super) ids: RowIds,
    /// The data besides its columns; empty where there are none.
    pub(super) more: Vec<u8>,
    pub(super) record: Cow<'r, Record>,
}

/// The columns of a row: time, id, label set, event id, session, what else it says, and its numbers.
const COLUMNS: usize = FIRST_NUMBER + NUMBERED;
const FIRST_NUMBER: usize = 6;

/// The statement that inserts so many rows at once. What stands in a place already, mostly a zero, is not bound
/// there again: a statement keeps what is bound to it.
pub(super) struct InsertRows<'a> {
    statement: CachedStatement<'a>,
    /// For each row the numbers that are bound; [`UNBOUND`] where nobody knows.
    numbers: Vec<[u64; NUMBERED]>,
    /// For each row whether an event id and a session is bound.
    has: Vec<[bool; 2]>,
    /// For each row the data besides its columns that is bound: mostly the same terms as of the row before.
    more: Vec<Vec<u8>>,
}

const UNBOUND: u64 = u64::MAX;

impl<'a> InsertRows<'a> {
    pub(super) fn prepare(connection: &'a Connection, rows: usize) -> rusqlite::Result<Self> {
        let row = format!("({})", ["?"; COLUMNS].join(", "));
        let values = vec![row; rows].join(", ");
        let sql = format!(
            "INSERT INTO records (ts, id, label_set, event_id, session, more, {}) VALUES {values}",
            *NUMBERS
        );
        let statement = connection.prepare_cached(&sql)?;
        let numbers = vec![[UNBOUND; NUMBERED]; rows];
        // A statement from the cache has nothing bound to it, as a new one.
        let (has, more) = (vec![[false; 2]; rows], vec![Vec::new(); rows]);
        Ok(Self { statement, numbers, has, more })
    }

    pub(super) fn execute(&mut self, rows: &[PendingRow<'_>]) -> rusqlite::Result<()> {
        let Self { statement, numbers, has, more: packed } = self;
        let bound = numbers.iter_mut().zip(has).zip(packed);
        for (at, (row, ((bound, [has_id, has_session]), bound_more))) in
            rows.iter().zip(bound).enumerate()
        {
            let PendingRow { id, ids, more, record } = row;
            let first = at * COLUMNS + 1;
            // One by one: as a list of parameters each would go through a table of functions.
            statement.raw_bind_parameter(first, record.timestamp().as_micros())?;
            statement.raw_bind_parameter(first + 1, id)?;
            statement.raw_bind_parameter(first + 2, ids.label_set)?;
            let event_id = record.event_id().map(EventId::as_str);
            if event_id.is_some() || *has_id {
                statement.raw_bind_parameter(first + 3, event_id)?;
                *has_id = event_id.is_some();
            }
            if ids.session.is_some() || *has_session {
                statement.raw_bind_parameter(first + 4, ids.session)?;
                *has_session = ids.session.is_some();
            }
            if more != bound_more {
                statement.raw_bind_parameter(first + 5, (!more.is_empty()).then_some(more))?;
                bound_more.clone_from(more);
            }
            let counts = record.counts().numbers().iter().zip(bound).enumerate();
            for (index, (number, bound)) in counts {
                if *bound != u64::from(*number) {
                    statement.raw_bind_parameter(first + FIRST_NUMBER + index, number)?;
                    *bound = u64::from(*number);
                }
            }
        }
        let inserted = statement.raw_execute()?;
        // A trigger may leave a row out without an error; it is not stored then.
        if inserted == rows.len() {
            Ok(())
        } else {
            Err(rusqlite::Error::StatementChangedRows(inserted))
        }
    }
}
