//! Declaring keys of tags: their values are told apart in rollups from then on.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use usage_core::{Label, TagKey, Timestamp};

use crate::error::{DamageCode, ReadError};
use crate::ledger::contexts::Contexts;
use crate::ledger::labels;
use crate::ledger::more::More;
use crate::ledger::retained;
use crate::ledger::tag_keys::Declared;
use crate::rollups;

/// The result of declaring keys of tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeclaredTags {
    /// The keys that are declared now, in their order.
    pub keys: Vec<TagKey>,
    /// The number of records that are counted under other tags now than before.
    pub changed: u64,
    /// Rollups before this instant have no records any more: they stay as they are, told apart by the keys that were
    /// declared when their records were stored. `None` where all have their records.
    pub kept_before: Option<Timestamp>,
}

/// Declares keys of tags, inside a transaction.
pub(crate) fn declare(connection: &Connection, keys: &[TagKey]) -> Result<DeclaredTags, ReadError> {
    let rows_from = retained::rows_from(connection)?;
    let before = Declared::read(connection)?;
    let declared = before.replaced(keys, rows_from);
    let kept_before = rows_from.map(Timestamp::from_micros);
    let mut outcome = DeclaredTags { keys: declared.keys(), changed: 0, kept_before };
    if declared == before {
        return Ok(outcome);
    }
    declared.write(connection)?;
    outcome.changed = rollups::recount_cut_day(connection, || {
        count_anew(connection, &declared, rows_from.unwrap_or(i64::MIN))
    })?;
    // Whoever remembers ids and keys is to forget them.
    connection.execute("UPDATE ledger SET label_generation = label_generation + 1", [])?;
    if outcome.changed > 0 {
        rollups::rebuild(connection)?;
    }
    Ok(outcome)
}

/// The number of records that are looked at before those of them that change are changed: a statement sees no changes
/// of its own.
const PAGE: i64 = 10_000;

/// Gives each record the label set with its declared tags; returns how many got another one.
fn count_anew(connection: &Connection, declared: &Declared, from: i64) -> Result<u64, ReadError> {
    let mut select = connection.prepare(
        "SELECT ts, id, label_set, more FROM records \
         WHERE ts >= ?1 AND (ts, id) > (?1, ?2) ORDER BY ts, id LIMIT ?3",
    )?;
    let mut update =
        connection.prepare("UPDATE records SET label_set = ?3 WHERE ts = ?1 AND id = ?2")?;
    let mut contexts = Contexts::default();
    let mut known = FxHashMap::<(i64, i64), i64>::default();
    let (mut last, mut changed) = ((from, i64::MIN), 0);
    loop {
        let (mut changes, mut count) = (Vec::new(), 0);
        let mut rows = select.query(params![last.0, last.1, PAGE])?;
        while let Some(row) = rows.next()? {
            let (ts, id, label_set) = (row.get(0)?, row.get(1)?, row.get(2)?);
            (last, count) = ((ts, id), count + 1);
            let bytes = row.get_ref(3)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
            let more = bytes.map_or(Ok(More::NONE), More::decode);
            let more = more.map_err(|error| {
                ReadError::Damaged(DamageCode::Record, format!("record {id} {error}"))
            })?;
            let Some(tag_set) = more.tag_set else { continue };
            let into = match known.get(&(label_set, tag_set)) {
                Some(into) => *into,
                None => {
                    let set = labels::set_by_id(connection, label_set)?
                        .ok_or_else(|| ReadError::unknown_label_set(label_set))?;
                    let instance = set.labels.name(Label::Instance);
                    let whose = || format!("record {id}");
                    let context =
                        contexts.get(connection, [None, Some(tag_set)], instance, whose)?;
                    let tags = declared.of(context.tag_list());
                    let into = labels::id_of(connection, &set.labels, &tags)?;
                    known.insert((label_set, tag_set), into);
                    into
                }
            };
            if into != label_set {
                changes.push([ts, id, into]);
            }
        }
        drop(rows);
        for change in &changes {
            update.execute(*change)?;
        }
        changed += changes.len() as u64;
        if count < PAGE {
            return Ok(changed);
        }
    }
}
