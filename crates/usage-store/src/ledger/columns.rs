//! The columns of the ledger's tables that core's lists of names and numbers say, and reading them.

use std::sync::LazyLock;

use rusqlite::{Connection, Row};
use usage_core::record::MAX_COUNT;
use usage_core::stats::Summary;
use usage_core::{Label, LabelNames, Measure};

use crate::error::{DamageCode, ReadError};

/// The columns of a record's numbers, in the order of their list.
pub(crate) static NUMBERS: LazyLock<String> = LazyLock::new(|| numbers_of(""));

/// The columns of a label set's names, in the order of their list.
pub(crate) static NAMES: LazyLock<String> = LazyLock::new(|| names_of_table(""));

/// The columns of a record's numbers, each behind a prefix such as `r.`.
pub(crate) fn numbers_of(prefix: &str) -> String {
    listed(Measure::ALL.map(Measure::name), prefix)
}

/// The columns of a label set's names, each behind a prefix such as `l.`.
pub(crate) fn names_of_table(prefix: &str) -> String {
    listed(Label::ALL.map(Label::field), prefix)
}

fn listed<const N: usize>(columns: [&str; N], prefix: &str) -> String {
    columns.map(|column| format!("{prefix}{column}")).join(", ")
}

/// The same columns in a ledger of any version: in place of one that is not there yet stands what a record
/// without it has.
pub(crate) fn numbers_there(connection: &Connection) -> rusqlite::Result<String> {
    there(connection, "records", Measure::ALL.map(Measure::name), "0")
}

/// As [`numbers_there`], of the names of a label set.
pub(crate) fn names_there(connection: &Connection) -> rusqlite::Result<String> {
    there(connection, "label_sets", Label::ALL.map(Label::field), "''")
}

fn there<const N: usize>(
    connection: &Connection,
    table: &str,
    columns: [&'static str; N],
    missing: &'static str,
) -> rusqlite::Result<String> {
    let mut statement =
        connection.prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2")?;
    let mut found = columns;
    for column in &mut found {
        if !statement.exists([table, *column])? {
            *column = missing;
        }
    }
    Ok(found.join(", "))
}

/// Reads a record's numbers, from a column on. One that is negative or too large nobody has ever stored:
/// it is damage to what `whose` names.
pub(crate) fn numbers(
    row: &Row<'_>,
    first: usize,
    whose: impl Fn() -> String,
) -> Result<[u32; Measure::COUNT], ReadError> {
    let mut numbers = [0; Measure::COUNT];
    for (index, number) in numbers.iter_mut().enumerate() {
        let stored: i64 = row.get(first + index)?;
        match u32::try_from(stored) {
            Ok(count) if count <= MAX_COUNT => *number = count,
            _ => {
                let what = format!("{} has a count of {stored}", whose());
                return Err(ReadError::Damaged(DamageCode::Record, what));
            }
        }
    }
    Ok(numbers)
}

/// Selects what [`summary`] reads, behind the label set; then time and id.
pub(crate) static SELECT_COUNTS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT label_set, {}, ts, id FROM records", *NUMBERS));

/// Where time and id are in it.
pub(crate) const TS: usize = 1 + Measure::COUNT;
pub(crate) const ID: usize = TS + 1;

/// What one row counts.
pub(crate) fn summary(row: &Row<'_>) -> Result<Summary, ReadError> {
    let numbers = numbers(row, 1, || "a record".to_owned())?;
    Ok(Summary::new(1, numbers.map(u64::from)))
}

/// Reads a label set's names, unchecked, from a column on.
pub(crate) fn names<'a>(row: &'a Row<'_>, first: usize) -> rusqlite::Result<LabelNames<'a>> {
    let mut names = LabelNames::new();
    for (index, label) in Label::ALL.into_iter().enumerate() {
        names = names.with(label, row.get_ref(first + index)?.as_str()?);
    }
    Ok(names)
}
