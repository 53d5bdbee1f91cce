//! Declaring keys of tags: their values are told apart in sums from then on.

use rusqlite::{Connection, params};
use rustc_hash::FxHashMap;
use usage_core::record::MAX_TAGS;
use usage_core::{Label, RecordError, TagKey, Timestamp};

use crate::Store;
use crate::error::{ReadError, Result, StoreError};
use crate::ledger::contexts::Contexts;
use crate::ledger::labels;
use crate::ledger::more::More;
use crate::ledger::retained;
use crate::ledger::tag_keys::Declared;
use crate::rollups;

/// What declaring keys of tags has come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeclaredTags {
    /// The keys that are declared now, in their order.
    pub keys: Vec<TagKey>,
    /// How many records are counted under other tags now than before.
    pub changed: u64,
    /// Sums before this instant have no records any more: they stay as they are, told apart by the keys that were
    /// declared when their records were stored. `None` where all have their records.
    pub kept_before: Option<Timestamp>,
}

impl Store {
    /// Returns the declared keys of tags, in their order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn tag_keys(&self) -> Result<Vec<TagKey>> {
        self.read("read the ledger", |connection| Ok(Declared::read(connection)?.keys()))
    }

    /// Declares keys of tags, in place of those that were declared before: sums tell their values apart, so that
    /// reports by them, or for some of them, need no records. Each value multiplies the names that sums have, so
    /// declare keys that have few.
    ///
    /// What is stored is counted anew, in one transaction: all or nothing of it, whatever stops it. Other programs can
    /// read meanwhile, and those that write wait: it takes some seconds for each million records. Sums whose records
    /// were deleted stay as they are; [`DeclaredTags::kept_before`] says where they end.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let store = usage_store::Store::open(folder.path().join("usage.db"))?;
    /// use usage_core::TagKey;
    ///
    /// let team = TagKey::new("team")?;
    /// assert_eq!(store.declare_tags(&[team])?.keys, [team]);
    /// assert_eq!(store.tag_keys()?, [team]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// When there are more than [`MAX_TAGS`] keys, the ledger cannot be written, or a record is damaged. Nothing was
    /// changed then.
    pub fn declare_tags(&self, keys: &[TagKey]) -> Result<DeclaredTags> {
        if keys.len() > MAX_TAGS {
            return Err(StoreError::WrongTagKeys { source: RecordError::TooManyTags });
        }
        let mut damaged = None;
        let result = self.write("declare tags in", |writer| {
            writer.ledger.write(|transaction, _| {
                declare(transaction, keys).map_err(|error| {
                    if let ReadError::Damaged(what) = &error {
                        damaged = Some(what.clone());
                    }
                    error.into_sqlite()
                })
            })
        });
        match damaged {
            Some(what) => Err(StoreError::Damaged { path: self.path().to_owned(), what }),
            None => result,
        }
    }
}

fn declare(connection: &Connection, keys: &[TagKey]) -> Result<DeclaredTags, ReadError> {
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

/// How many records are looked at before those of them that change are changed: a statement sees no changes of its own.
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
            let more = more.map_err(|error| ReadError::Damaged(format!("record {id} {error}")))?;
            let Some(tag_set) = more.tag_set else { continue };
            let into = match known.get(&(label_set, tag_set)) {
                Some(into) => *into,
                None => {
                    let set = labels::set_by_id(connection, label_set)?
                        .ok_or_else(|| ReadError::unknown_label_set(label_set))?;
                    let instance = set.labels.names().get(Label::Instance);
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
