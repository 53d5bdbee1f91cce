//! The columns of a ledger, and what forgetting does with each. A column that this list does not have fails a test.

/// The names that a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// Names, ids or lines, each with a way of its own to give way.
    Names,
    /// Text for people, in which a name gives way where it is a word.
    Words,
    /// Names that stay: of models in prices, and paths that journals are found by. Who forgets is told of them.
    Stays,
    /// Numbers, hashes and words of this program's own.
    Nothing,
}

/// All columns, by table.
pub(super) const COLUMNS: [(&str, Holds, &[&str]); 37] = [
    ("amendments", Holds::Nothing, &["ts", "id", "was"]),
    ("books", Holds::Nothing, &["id", "rank", "date", "checksum", "put_at"]),
    ("books", Holds::Stays, &["name", "version", "content"]),
    ("books", Holds::Words, &["put_by"]),
    ("event_ids", Holds::Nothing, &["hash", "record", "ts"]),
    ("journal_folders", Holds::Nothing, &["file"]),
    ("journal_folders", Holds::Stays, &["path", "ledger"]),
    ("label_sets", Holds::Nothing, &["id", "checksum"]),
    (
        "label_sets",
        Holds::Names,
        &[
            "instance_id",
            "profile",
            "provider",
            "route",
            "model",
            "tier",
            "project",
            "user",
            "tags",
        ],
    ),
    (
        "ledger",
        Holds::Nothing,
        &[
            "only_row",
            "ledger_id",
            "next_record_id",
            "label_generation",
            "event_id_key",
            "epoch",
            "rollups",
        ],
    ),
    ("origins", Holds::Nothing, &["first_id", "last_id", "epoch", "first_there"]),
    (
        "records",
        Holds::Nothing,
        &[
            "ts",
            "id",
            "label_set",
            "input",
            "output",
            "cache_read",
            "cache_write",
            "unclassified",
            "reasoning",
            "fallbacks",
            "session",
        ],
    ),
    ("records", Holds::Names, &["event_id", "more"]),
    (
        "repricings",
        Holds::Nothing,
        &[
            "id",
            "at",
            "first",
            "until",
            "books",
            "records",
            "changed",
            "priced_before",
            "cost_before_usd",
            "priced_after",
            "cost_after_usd",
        ],
    ),
    ("repricings", Holds::Words, &["by", "what"]),
    (
        "retention",
        Holds::Nothing,
        &[
            "only_row",
            "records_from",
            "rows_from",
            "ids_from",
            "sessions_from",
            "sessions_age",
            "rows_age",
            "sums_age",
            "latest_now",
            "quarantined",
            "quarantined_bytes",
            "quarantine_overflow",
        ],
    ),
    ("rollup_pieces", Holds::Nothing, &["level", "number", "first", "cells"]),
    ("rollups_all", Holds::Nothing, &["number", "cells"]),
    ("rollups_day", Holds::Nothing, &["number", "cells"]),
    ("rollups_folded", Holds::Nothing, &["month", "label_set", "into_set"]),
    ("rollups_month", Holds::Nothing, &["number", "cells"]),
    ("rollups_quarter", Holds::Nothing, &["number", "cells"]),
    ("session_sums", Holds::Nothing, &["session", "day", "cells"]),
    ("sessions", Holds::Nothing, &["id", "checksum", "first", "last", "requests", "tokens"]),
    ("sessions", Holds::Names, &["instance_id", "session_id"]),
    (
        "set_aside",
        Holds::Nothing,
        &["id", "kind", "records", "segment", "generation", "place", "bytes"],
    ),
    ("set_aside", Holds::Names, &["content"]),
    ("set_aside", Holds::Words, &["reason"]),
    ("settings", Holds::Names, &["name", "value"]),
    ("sources", Holds::Names, &["name", "cursor"]),
    ("sources", Holds::Nothing, &["counts"]),
    ("tag_sets", Holds::Nothing, &["id", "checksum"]),
    ("tag_sets", Holds::Names, &["tags"]),
    ("tellings", Holds::Nothing, &["ts", "record", "number"]),
    ("tellings", Holds::Names, &["content"]),
    ("terms", Holds::Nothing, &["id", "unknown", "since", "checksum"]),
    ("terms", Holds::Stays, &["prices", "rule", "book"]),
];

/// Returns the columns that hold text for people, each with its table.
pub(super) fn words() -> impl Iterator<Item = (&'static str, &'static str)> {
    COLUMNS
        .into_iter()
        .filter(|(_, holds, _)| *holds == Holds::Words)
        .flat_map(|(table, _, columns)| columns.iter().map(move |column| (table, *column)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Store;

    /// A column is in the list once, and the list has no other.
    #[test]
    fn every_column_of_the_schema_is_thought_of() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("usage.db")).unwrap();
        let found: Vec<(String, String)> = store
            .read("read", |connection| {
                let columns = connection
                    .prepare(
                        "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c \
                         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite!_%' ESCAPE '!'",
                    )?
                    .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                    .collect::<Result<_, _>>()?;
                Ok(columns)
            })
            .unwrap();
        let known: Vec<(String, String)> = COLUMNS
            .iter()
            .flat_map(|(table, _, columns)| {
                columns.iter().map(|column| ((*table).to_owned(), (*column).to_owned()))
            })
            .collect();
        let unique: BTreeSet<_> = known.iter().cloned().collect();
        assert_eq!(unique.len(), known.len());
        assert_eq!(unique, found.into_iter().collect());
    }
}
