//! A checksum of each label set, so that a flipped bit in a name is noticed by whoever reads it.

use rusqlite::Connection;
use usage_core::{Label, LabelNames};

use super::names_of;
use crate::ledger::columns::NAMES;

use crate::ledger::migrations::FIRST_WITH_LABEL_CHECKSUMS;
use crate::ledger::transaction::schema_version;

/// As many bytes as most label sets have, with their lengths.
const USUAL_BYTES: usize = 512;

/// Returns the checksum of a label set with an id, as it is stored: 32 bits. A name that is empty, and declared
/// tags that it has none of, add nothing to it, so that a label that comes to be one day changes none that is
/// stored.
pub(super) fn checksum(id: i64, names: &LabelNames<'_>, tags: &str) -> i64 {
    // Many short texts cost more than the copy of them to one.
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    bytes.extend_from_slice(&id.to_le_bytes());
    let names = Label::ALL.iter().map(|label| label.field()).zip(names.all().iter().copied());
    for (column, text) in names.chain([("tags", tags)]).filter(|(_, text)| !text.is_empty()) {
        for part in [column, text] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    crc32fast::hash(&bytes).into()
}

/// Adds the checksums to a ledger of a version that had none.
pub(crate) fn fill(connection: &Connection) -> rusqlite::Result<()> {
    let mut select = connection.prepare(&format!("SELECT id, {} FROM label_sets", *NAMES))?;
    let mut update = connection.prepare("UPDATE label_sets SET checksum = ?2 WHERE id = ?1")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        // What is no text stays without, and is damaged as it was.
        if let Ok(names) = names_of(row) {
            update.execute([id, checksum(id, &names, "")])?;
        }
    }
    Ok(())
}

/// Returns whether the ledger is of a version that has them.
pub(super) fn are_there(connection: &Connection) -> rusqlite::Result<bool> {
    Ok(schema_version(connection)? >= FIRST_WITH_LABEL_CHECKSUMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that what is in ledgers never changes, as `docs/reference/schema.md` tells it.
    #[test]
    fn checksums_stay_what_they_are() {
        let names = LabelNames::new()
            .with_instance("router-1")
            .with_provider("anthropic")
            .with_route("think")
            .with_model("claude-sonnet-4-5");
        let sum = checksum(7, &names, "");
        assert_eq!(sum, 3_105_236_406);
        assert_ne!(checksum(8, &names, ""), sum);
        assert_ne!(checksum(7, &names, "{}"), sum);
        assert_ne!(checksum(7, &names.with_profile("anthropic").with_provider(""), ""), sum);
        assert_ne!(
            checksum(7, &names.with_route("thin").with_model("kclaude-sonnet-4-5"), ""),
            sum
        );
    }
}
