//! From the pages of a damaged ledger into the tables of a new one: each row as it is, if the table takes it.

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, params_from_iter};

use super::cells::Row;
use super::tree::Trees;
use super::{Salvaged, SalvagedTable, Sums};
use crate::error::ReadError;
use crate::rollups::{of_all_quarter, quarter_of};

/// What the damaged ledger says of itself, as far as it can be read.
#[derive(Debug, Default)]
pub(super) struct Old {
    pub(super) next_record_id: Option<i64>,
    label_generation: Option<i64>,
    /// Records begin here, and only sums are older.
    pub(super) rows_from: Option<i64>,
    /// Sessions before this instant may be of sums alone.
    pub(super) sessions_from: Option<i64>,
    /// What all names came to, by quarter of an hour.
    pub(super) sums: Sums,
}

impl Old {
    /// Returns whether it says anything.
    pub(super) fn is_anything(&self) -> bool {
        self.next_record_id.is_some() || !self.sums.is_empty()
    }
}

/// Tables whose rows need nothing but a place, in an order in which triggers find what they need.
const AS_THEY_ARE: &[&str] = &[
    "settings",
    "sources",
    "journal_folders",
    "label_sets",
    "sessions",
    "tag_sets",
    "books",
    "terms",
    "repricings",
    "origins",
    "set_aside",
    "records",
    "tellings",
    "amendments",
    "rollups_folded",
];

/// Takes all rows that can be read.
pub(super) fn take(
    trees: &mut Trees,
    connection: &Connection,
    salvaged: &mut Salvaged,
) -> Result<Old, ReadError> {
    let mut old = Old::default();
    let has_key = of_ledger(trees, connection, &mut old)?;
    of_retention(trees, connection, salvaged)?;
    for table in AS_THEY_ARE {
        let taken = of_table(trees, connection, table, |_| true)?;
        salvaged.tables.extend(taken);
    }
    if has_key {
        salvaged.tables.extend(of_table(trees, connection, "event_ids", |_| true)?);
    }
    // While a checkpoint failed in the damaged one.
    connection.execute("DELETE FROM settings WHERE name = 'failing_checkpoint'", [])?;
    trees.each_row("rollups_all", |row| {
        if let Some(Row { id: Some(number), values }) = row
            && let [_, Value::Blob(bytes)] = values.as_slice()
            && let Some((totals, hash)) = of_all_quarter(bytes)
        {
            old.sums.insert(number, (totals.requests, totals.tokens(), hash));
        }
    });
    since_when(connection, &mut old, salvaged)?;
    frozen(trees, connection, &old, salvaged)?;
    counters(trees, connection, &old)?;
    Ok(old)
}

/// The row about the whole; says whether the key for the hashes of event ids is there.
fn of_ledger(trees: &mut Trees, connection: &Connection, old: &mut Old) -> Result<bool, ReadError> {
    let (mut id, mut key) = (None, None);
    trees.each_row("ledger", |row| {
        let Some(Row { id: Some(1), values }) = row else { return };
        let blob = |place: usize| match values.get(place) {
            Some(Value::Blob(bytes)) if bytes.len() == 16 => Some(bytes.clone()),
            _ => None,
        };
        let number = |place: usize| match values.get(place) {
            Some(Value::Integer(number)) if *number > 0 => Some(*number),
            _ => None,
        };
        (id, key) = (blob(1), blob(6));
        (old.next_record_id, old.label_generation) = (number(2), number(3));
    });
    let sql = "UPDATE ledger SET ledger_id = coalesce(?1, ledger_id), \
               event_id_key = coalesce(?2, event_id_key)";
    connection.execute(sql, (&id, &key))?;
    Ok(key.is_some())
}

/// The policy, and since when things are kept.
fn of_retention(
    trees: &mut Trees,
    connection: &Connection,
    salvaged: &mut Salvaged,
) -> Result<(), ReadError> {
    // The row that is there was made with the ledger.
    connection.execute("DELETE FROM retention", [])?;
    salvaged.tables.extend(of_table(trees, connection, "retention", |row| row.id == Some(1))?);
    connection.execute("INSERT OR IGNORE INTO retention (only_row) VALUES (1)", [])?;
    // The trigger counts what is quarantined again.
    connection.execute("UPDATE retention SET quarantined = 0, quarantined_bytes = 0", [])?;
    Ok(())
}

/// Takes the rows of a table that are wanted; says nothing of a table of which nothing is there.
fn of_table(
    trees: &mut Trees,
    connection: &Connection,
    table: &str,
    wanted: impl Fn(&Row) -> bool,
) -> Result<Option<SalvagedTable>, ReadError> {
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?
        .query_map([table], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut taken = SalvagedTable {
        name: table.to_owned(),
        rows: 0,
        damaged_pages: trees.damaged.get(table).copied().unwrap_or(0),
        damaged_rows: 0,
    };
    let mut failed = None;
    trees.each_row(table, |row| {
        if failed.is_some() {
            return;
        }
        match row {
            Some(row) if !wanted(&row) => {}
            Some(row) => match put(connection, table, &columns, row) {
                Ok(true) => taken.rows += 1,
                Ok(false) => taken.damaged_rows += 1,
                Err(error) => failed = Some(error),
            },
            None => taken.damaged_rows += 1,
        }
    });
    match failed {
        Some(error) => Err(error.into()),
        None => {
            Ok(Some(taken)
                .filter(|taken| taken.rows + taken.damaged_rows + taken.damaged_pages > 0))
        }
    }
}

/// Inserts a row; false where the table takes no such row, or has one of that key.
fn put(
    connection: &Connection,
    table: &str,
    columns: &[String],
    row: Row,
) -> rusqlite::Result<bool> {
    let Row { id, mut values } = row;
    // Columns that were added later are not in older rows.
    let Some(columns) = columns.get(..values.len()) else { return Ok(false) };
    if let (Some(id), Some(first)) = (id, values.first_mut()) {
        // The id stands for the first column.
        *first = Value::Integer(id);
    }
    let marks = vec!["?"; values.len()].join(", ");
    let names = columns.join(", ");
    let sql = format!("INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})");
    match connection.prepare_cached(&sql)?.execute(params_from_iter(values)) {
        Ok(rows) => Ok(rows == 1),
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch)
            ) =>
        {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

/// Finds out since when there are records, where the row that says so is lost: sums of before the oldest record are of
/// records that were deleted.
fn since_when(
    connection: &Connection,
    old: &mut Old,
    salvaged: &Salvaged,
) -> Result<(), ReadError> {
    let is_known = salvaged.tables.iter().any(|table| table.name == "retention" && table.rows > 0);
    if !is_known
        && let Some(oldest) = connection
            .query_row("SELECT min(ts) FROM records", [], |row| row.get::<_, Option<i64>>(0))?
        && old.sums.range(..quarter_of(oldest)).next().is_some()
    {
        let from = crate::rollups::start_of_quarter(quarter_of(oldest));
        connection.execute(
            "UPDATE retention SET records_from = ?1, rows_from = ?1, sessions_from = ?1",
            [from],
        )?;
    }
    (old.rows_from, old.sessions_from) =
        connection.query_row("SELECT rows_from, sessions_from FROM retention", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    Ok(())
}

/// Takes the sums whose records were deleted: all others are made again.
fn frozen(
    trees: &mut Trees,
    connection: &Connection,
    old: &Old,
    salvaged: &mut Salvaged,
) -> Result<(), ReadError> {
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;
    const QUARTERS: i64 = 1;
    if let Some(from) = old.rows_from {
        let before = quarter_of(from);
        let is_before = |row: &Row| row.id.is_some_and(|number| number < before);
        for table in ["rollups_quarter", "rollups_all"] {
            salvaged.tables.extend(of_table(trees, connection, table, is_before)?);
        }
        let is_piece_before = |row: &Row| {
            matches!(row.values.as_slice(),
                [Value::Integer(QUARTERS), Value::Integer(number), ..] if *number < before)
        };
        salvaged.tables.extend(of_table(trees, connection, "rollup_pieces", is_piece_before)?);
        // Those are in the sums, and were about to go.
        connection.execute("DELETE FROM records WHERE ts < ?1", [from])?;
    }
    if let Some(from) = old.sessions_from {
        let is_before = |row: &Row| matches!(row.values.get(1), Some(Value::Integer(day)) if *day <= from.div_euclid(DAY));
        salvaged.tables.extend(of_table(trees, connection, "session_sums", is_before)?);
    }
    Ok(())
}

/// Sees to it that no id is handed out twice.
fn counters(trees: &mut Trees, connection: &Connection, old: &Old) -> Result<(), ReadError> {
    connection.execute(
        "UPDATE ledger SET next_record_id = max(?1, (SELECT coalesce(max(id), 0) + 1 FROM records)), \
         label_generation = label_generation + ?2",
        [old.next_record_id.unwrap_or(1), old.label_generation.unwrap_or(1)],
    )?;
    let mut highest = Vec::new();
    trees.each_row("sqlite_sequence", |row| {
        if let Some([Value::Text(name), Value::Integer(id)]) = row.map(|row| row.values).as_deref()
        {
            highest.push((name.clone(), *id));
        }
    });
    for (name, id) in highest {
        connection.execute(
            "UPDATE sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1",
            (&name, id),
        )?;
        connection.execute(
            "INSERT INTO sqlite_sequence (name, seq) SELECT ?1, ?2 \
             WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ?1) \
             AND EXISTS (SELECT 1 FROM sqlite_schema WHERE name = ?1)",
            (&name, id),
        )?;
    }
    Ok(())
}
