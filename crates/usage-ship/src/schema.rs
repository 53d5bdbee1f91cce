//! The tables there: the only place that knows how they are made.
//!
//! A stretch of time is replaced as a whole: its rows carry the version with which they were sent, and its mark says
//! which version counts. What a mark does not name does not count, whatever came of it, so neither a batch that was sent
//! twice nor one that broke off is seen by anybody.

use usage_core::{Label, Measure};

use crate::error::ShipError;
use crate::wire::{Dialect, Wire};

mod view;

/// A table, its columns with the kind of each, and by which it is sorted and unique.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    columns: Vec<(String, Kind)>,
    key: &'static str,
    /// By which part of it ClickHouse keeps it apart.
    partition: &'static str,
    /// Says that of equal keys the greatest version counts; else all are the same.
    is_versioned: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Epoch,
    Level,
    Number,
    /// A sum in pico-dollars.
    Money,
    Text,
    /// One of few texts.
    Name,
}

impl Kind {
    const fn of(self, dialect: Dialect) -> &'static str {
        match (dialect, self) {
            (Dialect::Postgres, Self::Epoch) => "uuid NOT NULL",
            (Dialect::Postgres, Self::Level) => "smallint NOT NULL DEFAULT 0",
            (Dialect::Postgres, Self::Number) => "bigint NOT NULL DEFAULT 0",
            (Dialect::Postgres, Self::Money) => "numeric NOT NULL DEFAULT 0",
            (Dialect::Postgres, Self::Text | Self::Name) => "text NOT NULL DEFAULT ''",
            (Dialect::ClickHouse { .. }, Self::Epoch) => "UUID",
            (Dialect::ClickHouse { .. }, Self::Level) => "Int16 DEFAULT 0",
            (Dialect::ClickHouse { .. }, Self::Number) => "Int64 DEFAULT 0",
            (Dialect::ClickHouse { .. }, Self::Money) => "Decimal(38, 0) DEFAULT 0",
            (Dialect::ClickHouse { is_modern: true }, Self::Name) => {
                "LowCardinality(String) DEFAULT ''"
            }
            (Dialect::ClickHouse { .. }, Self::Text | Self::Name) => "String DEFAULT ''",
        }
    }
}

/// The sums of a row, by their names.
pub(crate) fn sums() -> Vec<&'static str> {
    let numbers = Measure::ALL.into_iter().map(Measure::name);
    ["requests"].into_iter().chain(numbers).chain(["stated_cost", "cost"]).collect()
}

/// All tables.
pub(crate) fn tables() -> [Table; 6] {
    use Kind::{Epoch, Level, Money, Name, Number, Text};
    let columns = |of: &[(&str, Kind)]| -> Vec<(String, Kind)> {
        of.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect()
    };
    let mut sum = columns(&[
        ("epoch", Epoch),
        ("level", Level),
        ("number", Number),
        ("version", Number),
        ("session", Number),
        ("label", Number),
    ]);
    sum.extend(
        sums()
            .into_iter()
            .map(|name| (name.to_owned(), if name.ends_with("cost") { Money } else { Number })),
    );
    let mut label = columns(&[("epoch", Epoch), ("id", Number), ("version", Number)]);
    label.extend(Label::ALL.into_iter().map(|of| (quoted(of.field()), Name)));
    label.push(("tags".to_owned(), Text));
    let table = |name, columns, key, partition, is_versioned| Table {
        name,
        columns,
        key,
        partition,
        is_versioned,
    };
    [
        table(
            "usage_ledger",
            columns(&[
                ("epoch", Epoch),
                ("version", Number),
                ("state", Name),
                ("name", Text),
                ("head", Text),
            ]),
            "epoch",
            "",
            true,
        ),
        table(
            "usage_mark",
            columns(&[
                ("epoch", Epoch),
                ("level", Level),
                ("number", Number),
                ("version", Number),
                ("checksum", Number),
                ("cells", Number),
                ("first_us", Number),
                ("last_us", Number),
                ("folded", Number),
            ]),
            "epoch, level, number, version",
            "",
            false,
        ),
        table("usage_sum", sum, "epoch, level, number, version, session, label", "level", false),
        table("usage_label", label, "epoch, id, version", "", false),
        table(
            "usage_session",
            columns(&[
                ("epoch", Epoch),
                ("id", Number),
                ("version", Number),
                ("instance_id", Name),
                ("session_id", Text),
                ("first_us", Number),
                ("last_us", Number),
            ]),
            "epoch, id, version",
            "",
            false,
        ),
        table(
            "usage_record",
            columns(&[
                ("epoch", Epoch),
                ("level", Level),
                ("number", Number),
                ("version", Number),
                ("id", Number),
                ("ts_us", Number),
                ("elsewhere", Level),
                ("cost", Text),
                ("line", Text),
            ]),
            "epoch, level, number, version, id",
            // About a month of quarters of an hour.
            "intDiv(number, 2976)",
            false,
        ),
    ]
}

/// A name that is a word of a language elsewhere.
pub(crate) fn quoted(name: &str) -> String {
    if name == "user" { "user_name".to_owned() } else { name.to_owned() }
}

impl Table {
    /// Returns its columns, as a statement lists them.
    pub(crate) fn columns(&self) -> String {
        self.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn create(&self, dialect: Dialect) -> String {
        let columns =
            self.columns.iter().map(|(name, kind)| format!("  {name} {}", kind.of(dialect)));
        let columns = columns.collect::<Vec<_>>().join(",\n");
        let (name, key) = (self.name, self.key);
        match dialect {
            Dialect::Postgres => {
                format!("CREATE TABLE IF NOT EXISTS {name} (\n{columns},\n  PRIMARY KEY ({key})\n)")
            }
            Dialect::ClickHouse { is_modern } => {
                let engine = if self.is_versioned {
                    "ReplacingMergeTree(version)"
                } else {
                    "ReplacingMergeTree"
                };
                let partition = if self.partition.is_empty() {
                    String::new()
                } else {
                    format!("\nPARTITION BY {}", self.partition)
                };
                let settings = if is_modern {
                    "\nSETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
                } else {
                    ""
                };
                format!(
                    "CREATE TABLE IF NOT EXISTS {name} (\n{columns}\n)\nENGINE = {engine}{partition}\nORDER BY ({key}){settings}"
                )
            }
        }
    }

    /// Returns the statements that add columns of a newer version to an older table.
    fn missing(&self, dialect: Dialect, there: &[String]) -> Vec<String> {
        let missing = self.columns.iter().filter(|(name, _)| !there.contains(name));
        missing
            .map(|(name, kind)| {
                format!("ALTER TABLE {} ADD COLUMN {name} {}", self.name, kind.of(dialect))
            })
            .collect()
    }
}

/// Returns the statements that make the tables, for who wants to see them first or carry them out by hand.
#[must_use]
pub fn ddl(dialect: Dialect) -> Vec<String> {
    let mut statements: Vec<_> = tables().iter().map(|table| table.create(dialect)).collect();
    // 18.16 knows no joins of this form; there people look at the tables.
    if dialect != (Dialect::ClickHouse { is_modern: false }) {
        statements.push(view::of(dialect));
    }
    statements
}

/// Makes the tables, and adds to those of an older version what they lack.
///
/// # Errors
/// When the engine is away or refuses it.
pub fn migrate(wire: &mut dyn Wire) -> Result<(), ShipError> {
    let dialect = wire.dialect();
    for table in tables() {
        let there = columns_of(wire, table.name)?;
        if there.is_empty() {
            wire.execute(&table.create(dialect))?;
        }
        let missing = if there.is_empty() { Vec::new() } else { table.missing(dialect, &there) };
        for statement in missing {
            wire.execute(&statement)?;
        }
    }
    ddl(dialect).get(tables().len()).map_or(Ok(()), |view| wire.execute(view))
}

/// The columns of a table there; none where there is no such table.
pub(crate) fn columns_of(wire: &mut dyn Wire, table: &str) -> Result<Vec<String>, ShipError> {
    let sql = match wire.dialect() {
        Dialect::Postgres => format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '{table}'"
        ),
        Dialect::ClickHouse { .. } => {
            format!(
                "SELECT name FROM system.columns WHERE database = currentDatabase() AND table = '{table}'"
            )
        }
    };
    Ok(wire.query(&sql)?.into_iter().filter_map(|row| row.into_iter().next()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODERN: Dialect = Dialect::ClickHouse { is_modern: true };

    /// Equal keys in two parts would both count.
    #[test]
    fn a_part_follows_from_the_key() {
        for table in tables() {
            let words = |text: &str| -> Vec<String> {
                let words = text.split(|of: char| !of.is_alphanumeric() && of != '_');
                words
                    .filter(|word| word.chars().any(char::is_lowercase))
                    .map(str::to_owned)
                    .collect()
            };
            let key = words(table.key);
            for word in words(table.partition).iter().filter(|word| *word != "intDiv") {
                assert!(key.contains(word), "{}: {word}", table.name);
            }
        }
    }

    #[test]
    fn nothing_is_left_to_views_and_memories_of_an_engine() {
        for sql in ddl(MODERN) {
            for word in ["MATERIALIZED", "TTL", "deduplication"] {
                assert!(!sql.contains(word), "{sql}");
            }
            assert!(!sql.starts_with("CREATE TABLE") || sql.contains("fsync_after_insert = 1"));
        }
    }
}
