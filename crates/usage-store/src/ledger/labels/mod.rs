//! The dictionary of label sets: names in, a small id out, and back.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params_from_iter};
use rustc_hash::FxHashMap;
use usage_core::{Label, LabelNames, Labels};

use crate::error::WrongEntry;
use crate::ledger::columns::{self, NAMES};
use crate::ledger::schema::SCHEMA_VERSION;
use crate::ledger::transaction::schema_version;

mod checksum;

pub(crate) use checksum::fill as add_checksums;
use checksum::{are_there, checksum};

/// Finds a label set.
pub(crate) static FIND_SET: LazyLock<String> = LazyLock::new(|| {
    let names = Label::ALL.map(|label| format!("{} = ?", label.field())).join(" AND ");
    format!("SELECT id, checksum FROM label_sets WHERE {names}")
});

/// The id of the next label set: no other has ever had it.
const NEXT_SET: &str =
    "SELECT 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'label_sets'), 0)";

/// Adds a label set.
pub(crate) static INSERT_SET: LazyLock<String> = LazyLock::new(|| {
    let values = ["?"; Label::COUNT].join(", ");
    format!("INSERT INTO label_sets ({}, id, checksum) VALUES ({values}, ?, ?)", *NAMES)
});

/// Finds the id of a label set in the ledger, or adds the set.
pub(crate) fn id_of(connection: &Connection, labels: &Labels) -> rusqlite::Result<i64> {
    let names = labels.names();
    let find = connection
        .prepare_cached(&FIND_SET)?
        .query_row(*names.all(), |row| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?)));
    if let Some((id, stored)) = find.optional()? {
        // The names were found in an index: a damaged one may lead to others.
        return match stored {
            Some(stored) if stored == checksum(id, &names) => Ok(id),
            _ => Err(WrongEntry::Names(id).into()),
        };
    }
    let id: i64 = connection.prepare_cached(NEXT_SET)?.query_row([], |row| row.get(0))?;
    let checksum = checksum(id, &names);
    let names = names.all().iter().map(|name| name as &dyn ToSql);
    connection
        .prepare_cached(&INSERT_SET)?
        .execute(params_from_iter(names.chain([&id as &dyn ToSql, &checksum])))?;
    Ok(id)
}

/// The names of a label set; none where it is missing, or not what was stored.
pub(crate) fn names_by_id(connection: &Connection, id: i64) -> rusqlite::Result<Option<Labels>> {
    let found = connection
        .prepare_cached(&SELECT_SET)?
        .query_row([id], |row| right_labels(row, true))
        .optional()?;
    Ok(found.flatten())
}

/// Ids that are known to be in the ledger, so that a record costs one look-up in memory.
///
/// Only what was committed is in it: an id from a rolled-back transaction may be given to
/// another set later. It is emptied when the ledger's label generation moves, which is how a
/// deletion of label sets, by any process, is noticed.
#[derive(Debug, Default)]
pub(crate) struct LabelCache {
    generation: i64,
    ids: HashMap<Labels, i64>,
}

/// Beyond this many sets the cache starts afresh: names from hostile requests cost time, not
/// memory without end.
const MAX_CACHED: usize = 65_536;

impl LabelCache {
    /// Starts a transaction's look-ups, under the generation that the ledger has inside it.
    pub(crate) fn begin(&mut self, generation: i64) -> PendingLabels<'_> {
        if self.generation != generation || self.ids.len() > MAX_CACHED {
            self.ids.clear();
            self.generation = generation;
        }
        PendingLabels { cache: self, added: HashMap::new(), near: FxHashMap::default() }
    }
}

/// The look-ups of one transaction. What it adds is published by [`commit`](Self::commit) only.
pub(crate) struct PendingLabels<'a> {
    cache: &'a mut LabelCache,
    added: HashMap<Labels, i64>,
    /// By where the names lie in memory, which is found sooner than their text. The names are kept,
    /// so that no others come to lie there.
    near: FxHashMap<usize, (Labels, i64)>,
}

impl PendingLabels<'_> {
    pub(crate) fn id_of(
        &mut self,
        connection: &Connection,
        labels: &Labels,
    ) -> rusqlite::Result<i64> {
        if let Some((_, id)) = self.near.get(&labels.address()) {
            return Ok(*id);
        }
        let known = self.cache.ids.get(labels).or_else(|| self.added.get(labels)).copied();
        let id = match known {
            Some(id) => id,
            None => {
                let id = id_of(connection, labels)?;
                self.added.insert(labels.clone(), id);
                id
            }
        };
        self.near.insert(labels.address(), (labels.clone(), id));
        Ok(id)
    }

    /// Takes back a look-up whose work was undone, the set that it may have added included.
    pub(crate) fn forget(&mut self, labels: &Labels) {
        self.added.remove(labels);
        self.near.clear();
    }

    /// Publishes what was added. Call it after the transaction has committed.
    pub(crate) fn commit(self) {
        self.cache.ids.extend(self.added);
    }
}

/// All label sets of a ledger by id, read in the transaction of the query that needs them.
#[derive(Debug, Default)]
pub(crate) struct LabelSets {
    by_id: FxHashMap<i64, Labels>,
    /// One whose names are not what was stored.
    wrong: Option<i64>,
}

/// The columns that [`names_of`] and [`is_right`] read by their place, behind the id.
static SELECT_SETS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT id, {}, checksum FROM label_sets", *NAMES));

/// As [`SELECT_SETS`], of one.
static SELECT_SET: LazyLock<String> = LazyLock::new(|| format!("{} WHERE id = ?1", *SELECT_SETS));

/// As [`SELECT_SETS`], of some that follow each other.
static SELECT_SETS_BETWEEN: LazyLock<String> =
    LazyLock::new(|| format!("{} WHERE id BETWEEN ?1 AND ?2", *SELECT_SETS));

/// Returns the statement that reads all label sets of a ledger of any version, and whether they have checksums.
pub(crate) fn select_sets(connection: &Connection) -> rusqlite::Result<(Cow<'static, str>, bool)> {
    if schema_version(connection)? == SCHEMA_VERSION {
        return Ok((Cow::Borrowed(&SELECT_SETS), true));
    }
    let checked = are_there(connection)?;
    let checksum = if checked { ", checksum" } else { "" };
    let names = columns::names_there(connection)?;
    Ok((format!("SELECT id, {names}{checksum} FROM label_sets").into(), checked))
}

/// The names in a row of [`SELECT_SETS`], unchecked.
pub(crate) fn names_of<'a>(row: &'a Row<'_>) -> rusqlite::Result<LabelNames<'a>> {
    columns::names(row, 1)
}

/// Whether the names in a row of [`SELECT_SETS`] are those that were stored with its id.
pub(crate) fn is_right(row: &Row<'_>) -> rusqlite::Result<bool> {
    names_of(row).map_or(Ok(false), |names| are_right(row, &names))
}

fn are_right(row: &Row<'_>, names: &LabelNames<'_>) -> rusqlite::Result<bool> {
    Ok(row.get::<_, Option<i64>>(1 + Label::COUNT)? == Some(checksum(row.get(0)?, names)))
}

/// The names in a row of [`SELECT_SETS`]; none where they are not those that were stored, or could be
/// those of no record.
fn right_labels(row: &Row<'_>, checked: bool) -> rusqlite::Result<Option<Labels>> {
    let Ok(names) = names_of(row) else { return Ok(None) };
    let is_right = !checked || are_right(row, &names)?;
    Ok(is_right.then(|| Labels::new(names).ok()).flatten())
}

/// The first names of a label, as reports show them, in their order and none empty. All label sets are read, as a
/// name that is not what was stored could be in place of any other.
pub(crate) fn first_names(
    connection: &Connection,
    label: Label,
    most: usize,
) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(&SELECT_SETS)?;
    let mut rows = statement.query([])?;
    let mut first = BTreeSet::<String>::new();
    while let Some(row) = rows.next()? {
        if !is_right(row)? {
            return Err(WrongEntry::Names(row.get(0)?).into());
        }
        let name = names_of(row)?.reported(label);
        let is_behind = first.len() >= most && first.last().is_none_or(|last| name >= last);
        if name.is_empty() || is_behind || first.contains(name) {
            continue;
        }
        first.insert(name.to_owned());
        if first.len() > most {
            first.pop_last();
        }
    }
    Ok(first.into_iter().collect())
}

impl LabelSets {
    /// What changes when label sets are added or deleted, in the transaction at hand.
    pub(crate) fn mark(connection: &Connection) -> rusqlite::Result<(i64, i64)> {
        connection
            .prepare_cached(
                "SELECT label_generation, (SELECT coalesce(max(id), 0) FROM label_sets) FROM ledger",
            )?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let (sql, checked) = select_sets(connection)?;
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        let mut sets = Self::default();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            // A set that no record could have is left out; records that use it are reported.
            match right_labels(row, checked)? {
                Some(labels) => drop(sets.by_id.insert(id, labels)),
                None => sets.wrong = Some(id),
            }
        }
        Ok(sets)
    }

    pub(crate) fn get(&self, id: i64) -> Option<&Labels> {
        self.by_id.get(&id)
    }

    /// The ids whose names pass `keep`, as the JSON array that `json_each` reads. Fails where nobody can
    /// say whether some pass.
    pub(crate) fn ids_as_json(
        &self,
        keep: impl Fn(&LabelNames<'_>) -> bool,
    ) -> Result<String, WrongEntry> {
        if let Some(id) = self.wrong {
            return Err(WrongEntry::Names(id));
        }
        let ids: Vec<String> = self
            .by_id
            .iter()
            .filter(|(_, labels)| keep(&labels.names()))
            .map(|(id, _)| id.to_string())
            .collect();
        Ok(format!("[{}]", ids.join(",")))
    }
}

/// The names of the label sets that a report needs, read as they are needed: there may be far more of
/// them than that.
pub(crate) struct Names<'c> {
    connection: &'c Connection,
    known: LabelSets,
}

/// Reading so many that nobody asked for costs less than another query.
const GAP: i64 = 8;

impl<'c> Names<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Self { connection, known: LabelSets::default() }
    }

    /// Reads the names of some label sets that are about to be asked for, in the order of their ids.
    pub(crate) fn load(&mut self, ids: impl Iterator<Item = i64>) -> rusqlite::Result<()> {
        let unknown: Vec<_> = ids.filter(|id| self.known.get(*id).is_none()).collect();
        for run in unknown.chunk_by(|one, other| other.saturating_sub(*one) <= GAP) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let mut statement = self.connection.prepare_cached(&SELECT_SETS_BETWEEN)?;
            let mut rows = statement.query([first, last])?;
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                if run.binary_search(&id).is_ok()
                    && let Some(labels) = right_labels(row, true)?
                {
                    self.known.by_id.insert(id, labels);
                }
            }
        }
        Ok(())
    }

    /// The names of a label set that was loaded; none where it is missing, or one that no record could
    /// have.
    pub(crate) fn get(&self, id: i64) -> Option<&Labels> {
        self.known.get(id)
    }
}
