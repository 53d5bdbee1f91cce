//! Which keys of tags are declared: those whose values are told apart in sums.

use rusqlite::{Connection, OptionalExtension};
use usage_core::Context;

use crate::ledger::contexts::text_of_tags;

/// The name of the setting: a JSON array of keys, in their order.
pub(crate) const SETTING: &str = "tag_keys";

/// The declared keys, in their order.
pub(crate) fn declared(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([SETTING], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// The declared ones of some tags, as the label sets have them.
pub(crate) fn of(context: &Context, keys: &[String]) -> String {
    text_of_tags(context.tags().filter(|(key, _)| keys.iter().any(|of| of == key)))
}
