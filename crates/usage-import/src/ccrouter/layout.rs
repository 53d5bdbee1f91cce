//! Telling the origin's database from others, and its older schema from the newer one.

use rusqlite::{Connection, OptionalExtension};

use crate::sqlite::{Kind, QueryError};

/// The name that messages have for the origin's database.
pub(super) const KIND: Kind =
    Kind { name: "ccrouter database", reading: "read the ccrouter database" };

/// The origin's table.
pub(super) const TABLE: &str = "usage_records";

/// Every column that is read, in the order in which it is read, behind `id`.
pub(super) const COLUMNS: [&str; 8] =
    ["instance_id", "profile", "provider", "route", "model", "tokens", "fallbacks", "timestamp"];

/// The columns that the origin's older schema has not. There each profile and provider is empty.
const NEWER: [&str; 2] = ["profile", "provider"];

/// The layout of the origin's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Without profile and provider.
    Older,
    /// With all columns.
    Newer,
}

impl Layout {
    /// Says what the table looks like, or what the database is instead of the origin's.
    pub(super) fn of(connection: &Connection) -> Result<Self, QueryError> {
        let kind: Option<(String, i64)> = connection
            .query_row(
                "SELECT type, rootpage FROM sqlite_schema \
                 WHERE lower(name) = ?1 AND type IN ('table', 'view')",
                [TABLE],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        match kind {
            Some((kind, rootpage)) if kind == "table" && rootpage != 0 => {
                Self::of_columns(connection)
            }
            // A virtual table would run who knows what.
            Some(_) => Err(QueryError::NotAnOrigin(format!("its {TABLE} is no ordinary table"))),
            None => Err(QueryError::NotAnOrigin(format!("it has no table {TABLE}"))),
        }
    }

    fn of_columns(connection: &Connection) -> Result<Self, QueryError> {
        // Computed columns, which could compute anything, are as good as none.
        let mut statement = connection.prepare(
            "SELECT lower(name), upper(type), pk, sum(pk > 0) OVER () FROM pragma_table_xinfo(?1) \
             WHERE hidden = 0",
        )?;
        let mut rows = statement.query([TABLE])?;
        let (mut present, mut has_id) = ([false; COLUMNS.len()], false);
        while let Some(row) = rows.next()? {
            let (name, kind): (String, String) = (row.get(0)?, row.get(1)?);
            let (key, keys): (i64, i64) = (row.get(2)?, row.get(3)?);
            has_id |= name == "id" && kind == "INTEGER" && (key, keys) == (1, 1);
            for (present, column) in present.iter_mut().zip(COLUMNS) {
                *present |= name == column;
            }
        }
        if !has_id {
            return Err(QueryError::NotAnOrigin(format!(
                "its table {TABLE} has no column id that is an integer primary key"
            )));
        }
        let missing: Vec<_> = COLUMNS
            .into_iter()
            .zip(present)
            .filter_map(|(column, present)| (!present).then_some(column))
            .collect();
        match missing.as_slice() {
            [] => Ok(Self::Newer),
            missing if missing == NEWER => Ok(Self::Older),
            [first, ..] => {
                Err(QueryError::NotAnOrigin(format!("its table {TABLE} has no column {first}")))
            }
        }
    }

    /// The expressions that read a row: the id, and for each column its value and its length.
    ///
    /// A text or blob beyond `most` bytes stays on disk and is read as NULL; its length tells.
    pub(super) fn expressions(self, most: usize) -> String {
        let mut list = String::from("id");
        for column in COLUMNS {
            if self == Self::Older && NEWER.contains(&column) {
                list.push_str(", '', 0");
            } else {
                list.push_str(&format!(
                    ", iif(octet_length({column}) > {most}, NULL, {column}), octet_length({column})"
                ));
            }
        }
        list
    }
}
