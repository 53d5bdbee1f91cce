//! The keys of tags that are declared: those whose values are told apart in rollups.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use usage_core::{TagKey, Tags};

/// The name of the setting: a JSON object of the keys, each with the instant, in microseconds, before which there are
/// rollups that were made without it and have no records any more; null where there are none.
const SETTING: &str = "tag_keys";

/// The declared keys, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Declared(Vec<(TagKey, Option<i64>)>);

impl Declared {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let text: Option<String> = connection
            .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
            .query_row([SETTING], |row| row.get(0))
            .optional()?;
        let keys: BTreeMap<String, Option<i64>> =
            text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        let keys = keys.iter().filter_map(|(key, from)| Some((TagKey::new(key).ok()?, *from)));
        Ok(Self(keys.collect()))
    }

    /// Declares these in place of those that were: a new one is not in the rollups before an instant.
    pub(crate) fn replaced(&self, keys: &[TagKey], rows_from: Option<i64>) -> Self {
        let known = |key| self.0.iter().find(|(known, _)| *known == key).map(|(_, from)| *from);
        let mut keys: Vec<_> =
            keys.iter().map(|key| (*key, known(*key).unwrap_or(rows_from))).collect();
        keys.sort_unstable();
        keys.dedup();
        Self(keys)
    }

    pub(crate) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        if self.0.is_empty() {
            connection.execute("DELETE FROM settings WHERE name = ?1", [SETTING])?;
            return Ok(());
        }
        let keys: BTreeMap<&str, Option<i64>> =
            self.0.iter().map(|(key, from)| (key.as_str(), *from)).collect();
        // Texts and numbers always serialise.
        let text = serde_json::to_string(&keys).unwrap_or_default();
        connection
            .execute(
                "INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)",
                [SETTING, &text],
            )
            .map(drop)
    }

    pub(crate) fn keys(&self) -> Vec<TagKey> {
        self.0.iter().map(|(key, _)| *key).collect()
    }

    /// The declared ones of some tags, as the label sets have them.
    pub(crate) fn of(&self, tags: Tags<'_>) -> String {
        if self.0.is_empty() { String::new() } else { tags.only(&self.keys()).tags().to_json() }
    }

    /// Before which instant there are rollups that do not tell a key apart: never where it is not declared.
    pub(crate) fn from(&self, key: TagKey) -> Option<Option<i64>> {
        self.0.iter().find(|(known, _)| *known == key).map(|(_, from)| *from)
    }
}
