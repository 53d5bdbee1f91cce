//! The dictionary of label sets: names in, a small id out, and back.

use std::borrow::Cow;
#[cfg(feature = "zones")]
use std::collections::BTreeSet;
use std::sync::LazyLock;

use rusqlite::{Connection, OptionalExtension, Row, ToSql, params_from_iter};
use rustc_hash::FxHashMap;
use usage_core::{Label, LabelNames, Labels, TagSet};

use crate::error::Damaged;
use crate::ledger::columns::{self, NAMES};
use crate::ledger::contexts::next_id;
use crate::ledger::schema::SCHEMA_VERSION;
use crate::ledger::transaction::schema_version;

mod checksum;
mod rename;

pub(crate) use checksum::fill as add_checksums;
use checksum::{are_there, checksum};
pub(crate) use rename::{apart, rename};

/// Finds a label set.
pub(crate) static FIND_SET: LazyLock<String> = LazyLock::new(|| {
    let columns = Label::ALL.into_iter().map(Label::field).chain(["tags"]);
    let names = columns.map(|column| format!("{column} = ?")).collect::<Vec<_>>().join(" AND ");
    format!("SELECT id, checksum FROM label_sets WHERE {names}")
});

/// Adds a label set.
pub(crate) static INSERT_SET: LazyLock<String> = LazyLock::new(|| {
    let values = ["?"; Label::COUNT].join(", ");
    format!("INSERT INTO label_sets ({}, tags, id, checksum) VALUES ({values}, ?, ?, ?)", *NAMES)
});

/// Finds the id of a label set in the ledger, or adds the set. The declared tags are those that it stands for, as
/// text; empty where it stands for none.
pub(crate) fn id_of(connection: &Connection, labels: &Labels, tags: &str) -> rusqlite::Result<i64> {
    let names = labels.names();
    let texts = || names.all().iter().chain([&tags]).map(|text| text as &dyn ToSql);
    let find = connection.prepare_cached(&FIND_SET)?.query_row(params_from_iter(texts()), |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?))
    });
    if let Some((id, stored)) = find.optional()? {
        // The names were found in an index: a damaged one may lead to others.
        return match stored {
            Some(stored) if stored == checksum(id, &names, tags) => Ok(id),
            _ => Err(Damaged::names(id).into()),
        };
    }
    let id = next_id(connection, "label_sets")?;
    insert_as(connection, id, labels, tags)?;
    Ok(id)
}

/// Adds a label set under an id that none has.
pub(crate) fn insert_as(
    connection: &Connection,
    id: i64,
    labels: &Labels,
    tags: &str,
) -> rusqlite::Result<()> {
    let names = labels.names();
    let texts = names.all().iter().chain([&tags]).map(|text| text as &dyn ToSql);
    let checksum = checksum(id, &names, tags);
    connection
        .prepare_cached(&INSERT_SET)?
        .execute(params_from_iter(texts.chain([&id as &dyn ToSql, &checksum])))
        .map(drop)
}

/// A label set; none where it is missing, or not what was stored.
pub(crate) fn set_by_id(connection: &Connection, id: i64) -> rusqlite::Result<Option<LabelSet>> {
    let found = connection
        .prepare_cached(&SELECT_SET)?
        .query_row([id], |row| right_set(row, true))
        .optional()?;
    Ok(found.flatten())
}

/// Names, and the declared tags that they stand for together with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LabelSet {
    /// The names alone.
    pub(crate) labels: Labels,
    /// With the tags beside them.
    pub(crate) tagged: Labels,
}

/// All label sets of a ledger by id, read in the transaction of the query that needs them.
#[derive(Debug, Default)]
pub(crate) struct LabelSets {
    by_id: FxHashMap<i64, LabelSet>,
    /// One whose names are not what was stored.
    damaged: Option<i64>,
}

/// The columns that [`names_of`] and [`is_right`] read by their place, behind the id.
static SELECT_SETS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT id, {}, tags, checksum FROM label_sets", *NAMES));

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

/// Returns whether the names in a row of [`SELECT_SETS`] are those that were stored with its id.
pub(crate) fn is_right(row: &Row<'_>) -> rusqlite::Result<bool> {
    let (Ok(names), Some(tags)) = (names_of(row), tags_as_text(row)?) else { return Ok(false) };
    are_right(row, &names, tags)
}

fn are_right(row: &Row<'_>, names: &LabelNames<'_>, tags: &str) -> rusqlite::Result<bool> {
    let stored = row.get_ref(CHECKSUM)?.as_i64_or_null().map_err(rusqlite::Error::from)?;
    Ok(stored == Some(checksum(row.get(0)?, names, tags)))
}

/// The text of the declared tags in a row of [`SELECT_SETS`]; none where it is no text.
fn tags_as_text<'a>(row: &'a Row<'_>) -> rusqlite::Result<Option<&'a str>> {
    Ok(row.get_ref(TAGS)?.as_str().ok())
}

/// The place where they are in a row of [`SELECT_SETS`].
const TAGS: usize = 1 + Label::COUNT;
const CHECKSUM: usize = TAGS + 1;

/// The number of columns of a row of [`SELECT_SETS`].
pub(crate) const SET_COLUMNS: usize = CHECKSUM + 1;

/// The label set in a row of [`SELECT_SETS`]; none where it is not the one that was stored, or could be that of
/// no record.
fn right_set(row: &Row<'_>, checked: bool) -> rusqlite::Result<Option<LabelSet>> {
    let (Ok(names), Some(tags)) = (names_of(row), tags_as_text(row)?) else { return Ok(None) };
    if checked && !are_right(row, &names, tags)? {
        return Ok(None);
    }
    let set = Labels::new(names).ok().zip(TagSet::from_json(tags).ok());
    Ok(set.map(|(labels, tags)| LabelSet { tagged: labels.with_tags(tags.tags()), labels }))
}

/// The declared tags in a row of [`SELECT_SETS`], unchecked; none where they could be those of no record.
pub(crate) fn tags_of(row: &Row<'_>) -> rusqlite::Result<Option<TagSet>> {
    Ok(tags_as_text(row)?.and_then(|tags| TagSet::from_json(tags).ok()))
}

/// The first names of a label, as reports show them, in their order and none empty. All label sets are read, as a
/// name that is not what was stored could be in place of any other.
#[cfg(feature = "zones")]
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
            return Err(Damaged::names(row.get(0)?).into());
        }
        let name = names_of(row)?.reported(label);
        let is_behind =
            first.len() >= most && first.last().is_none_or(|last| name >= last.as_str());
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
    /// Returns a mark that changes when label sets are added or deleted, in the transaction at hand.
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
            match right_set(row, checked)? {
                Some(set) => drop(sets.by_id.insert(id, set)),
                None => sets.damaged = Some(id),
            }
        }
        Ok(sets)
    }

    pub(crate) fn get(&self, id: i64) -> Option<&Labels> {
        self.by_id.get(&id).map(|set| &set.labels)
    }

    /// The label sets behind an id, with the declared tags, in the order of their ids.
    #[cfg(feature = "zones")]
    pub(crate) fn tagged_from(self, behind: i64) -> Result<Vec<(i64, Labels)>, Damaged> {
        if let Some(id) = self.damaged {
            return Err(Damaged::names(id));
        }
        let sets = self.by_id.into_iter().filter(|(id, _)| *id > behind);
        let mut sets: Vec<_> = sets.map(|(id, set)| (id, set.tagged)).collect();
        sets.sort_unstable_by_key(|(id, _)| *id);
        Ok(sets)
    }

    /// The ids whose names pass `keep`, as the JSON array that `json_each` reads. Fails where nobody can
    /// say whether some pass.
    pub(crate) fn ids_as_json(
        &self,
        keep: impl Fn(&LabelNames<'_>) -> bool,
    ) -> Result<String, Damaged> {
        if let Some(id) = self.damaged {
            return Err(Damaged::names(id));
        }
        let ids: Vec<String> = self
            .by_id
            .iter()
            .filter(|(_, set)| keep(&set.labels.names()))
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

    /// Reads the names of some label sets that are about to be asked for, in the order of their ids: in that of
    /// their place on disk.
    pub(crate) fn load(&mut self, ids: &[i64]) -> rusqlite::Result<()> {
        let unknown = ids.iter().copied().filter(|id| self.known.get(*id).is_none());
        let unknown: Vec<_> = unknown.collect();
        self.known.by_id.reserve(unknown.len());
        for run in unknown.chunk_by(|one, other| other.saturating_sub(*one) <= GAP) {
            let (Some(first), Some(last)) = (run.first(), run.last()) else { continue };
            let mut statement = self.connection.prepare_cached(&SELECT_SETS_BETWEEN)?;
            let mut rows = statement.query([first, last])?;
            while let Some(row) = rows.next()? {
                let id = row.get(0)?;
                if run.binary_search(&id).is_ok()
                    && let Some(set) = right_set(row, true)?
                {
                    self.known.by_id.insert(id, set);
                }
            }
        }
        Ok(())
    }

    /// The names of a label set that was loaded; none where it is missing, or one that no record could
    /// have.
    pub(crate) fn get(&self, id: i64) -> Option<&LabelSet> {
        self.known.by_id.get(&id)
    }
}
