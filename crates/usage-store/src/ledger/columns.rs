//! The columns of the ledger's tables that core's lists of names and numbers say, and reading them.

use std::sync::LazyLock;

use rusqlite::{Connection, Row};
use usage_core::pricing::Billed;
use usage_core::record::MAX_COUNT;
use usage_core::stats::Summary;
use usage_core::{Counts, Label, LabelNames, Measure, RecordError, Timestamp};

use crate::error::{DamageCode, ReadError};
use crate::ledger::more::{COLUMNS, More};
use crate::ledger::terms::Costs;

/// The columns of a record's numbers, in the order of their list. Others are in [`More`].
pub(crate) static NUMBERS: LazyLock<String> = LazyLock::new(|| numbers_of(""));

/// The columns of a label set's names, in the order of their list.
pub(crate) static NAMES: LazyLock<String> = LazyLock::new(|| names_of_table(""));

/// The measures that have columns, in the order of their list.
pub(crate) fn measures() -> impl Iterator<Item = Measure> {
    Measure::ALL.into_iter().take(COLUMNS)
}

/// The columns of a record's numbers, each behind a prefix such as `r.`.
pub(crate) fn numbers_of(prefix: &str) -> String {
    listed(measures().map(Measure::name), prefix)
}

/// The columns of a label set's names, each behind a prefix such as `l.`.
pub(crate) fn names_of_table(prefix: &str) -> String {
    listed(Label::ALL.into_iter().map(Label::field), prefix)
}

fn listed(columns: impl Iterator<Item = &'static str>, prefix: &str) -> String {
    columns.map(|column| format!("{prefix}{column}")).collect::<Vec<_>>().join(", ")
}

/// The columns of a record that say what [`RowCounts`] reads, and the one of its session, in a ledger of any
/// version: in place of one that is not there yet stands what a record without it has.
pub(crate) fn numbers_there(connection: &Connection) -> rusqlite::Result<String> {
    let numbers = there(connection, "records", measures().map(Measure::name), "0")?;
    let rest = there(connection, "records", ["session", "more"].into_iter(), "NULL")?;
    Ok(format!("{numbers}, {rest}"))
}

/// As [`numbers_there`], of the names of a label set, and the tags that it stands for.
pub(crate) fn names_there(connection: &Connection) -> rusqlite::Result<String> {
    let columns = Label::ALL.into_iter().map(Label::field).chain(["tags"]);
    there(connection, "label_sets", columns, "''")
}

fn there(
    connection: &Connection,
    table: &str,
    columns: impl Iterator<Item = &'static str>,
    missing: &'static str,
) -> rusqlite::Result<String> {
    let mut statement =
        connection.prepare("SELECT 1 FROM pragma_table_info(?1) WHERE name = ?2")?;
    let mut found = Vec::new();
    for column in columns {
        found.push(if statement.exists([table, column])? { column } else { missing });
    }
    Ok(found.join(", "))
}

/// Reads the numbers of a record that have columns, from a column on. One that is negative or too large nobody has
/// ever stored: it is damage to what `whose` names.
fn numbers(
    row: &Row<'_>,
    first: usize,
    whose: impl Fn() -> String,
) -> Result<[u32; COLUMNS], ReadError> {
    let mut numbers = [0; COLUMNS];
    for (index, number) in numbers.iter_mut().enumerate() {
        let stored: i64 = row.get(first + index)?;
        match u32::try_from(stored) {
            Ok(count) if count <= MAX_COUNT => *number = count,
            _ => {
                let what = format!("{} has a count of {stored}", whose());
                return Err(ReadError::Damaged(DamageCode::Record, what));
            }
        }
    }
    Ok(numbers)
}

/// Reads what a record says besides its columns.
pub(crate) fn more<'r>(
    row: &'r Row<'_>,
    column: usize,
    whose: impl Fn() -> String,
) -> Result<More<'r>, ReadError> {
    let bytes = row.get_ref(column)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    let more = bytes.map_or(Ok(More::NONE), More::decode);
    more.map_err(|error| ReadError::Damaged(DamageCode::Record, format!("{} {error}", whose())))
}

/// Reads the checked numbers of a record at an instant, from a column on, and with these what else it says.
pub(crate) fn counts<'r>(
    row: &'r Row<'_>,
    (first, column): (usize, usize),
    at: Timestamp,
    whose: impl Fn() -> String,
) -> Result<(Counts, More<'r>), ReadError> {
    let numbers = numbers(row, first, &whose)?;
    let more = more(row, column, &whose)?;
    let invalid = |why: String| {
        ReadError::Damaged(
            DamageCode::Record,
            format!("{} has content that no record may have: {why}", whose()),
        )
    };
    let counts =
        more.counts(numbers, at).map_err(|error: RecordError| invalid(error.to_string()))?;
    // A part that is more than its whole was cut to it before it was stored.
    let cut = measures().zip(numbers).find(|(measure, number)| counts.get(*measure) != *number);
    let cut = cut.map(|(measure, _)| measure).or_else(|| more.cut(&counts));
    match cut.and_then(|part| part.part_of().map(|whole| (part, whole))) {
        Some((part, whole)) => Err(invalid(format!("{part} are more than {whole}"))),
        None => Ok((counts, more)),
    }
}

/// Selects what [`RowCounts`] reads, in the order of its columns.
pub(crate) static SELECT_COUNTS: LazyLock<String> =
    LazyLock::new(|| format!("SELECT label_set, {}, session, more, ts, id FROM records", *NUMBERS));

const SESSION: usize = 1 + COLUMNS;
pub(crate) const MORE: usize = SESSION + 1;
/// The place where the time is in it.
pub(crate) const TS: usize = MORE + 1;
pub(crate) const ID: usize = TS + 1;

/// Returns the numbers of one row, and what it costs by the terms that it names.
pub(crate) fn summary(row: &Row<'_>, costs: &mut Costs<'_>) -> Result<Summary, ReadError> {
    let whose = || "a record".to_owned();
    let mut summary = Summary::new(1, [0; Measure::COUNT]);
    for (sum, number) in summary.numbers.iter_mut().zip(numbers(row, 1, whose)?) {
        *sum = number.into();
    }
    let rest = row.get_ref(MORE)?.as_blob_or_null().map_err(rusqlite::Error::from)?;
    if rest.is_some() {
        let more = more(row, MORE, whose)?;
        more.add_to(&mut summary);
        if let Some(terms) = more.terms
            && let Some(cost) = costs.of(terms, &Billed::by(|measure| summary[measure]))?
        {
            summary.add_cost(cost);
        }
    }
    Ok(summary)
}

/// The set of tags that one row has.
pub(crate) fn tag_set(row: &Row<'_>) -> rusqlite::Result<Option<i64>> {
    let Some(bytes) = row.get_ref(MORE)?.as_blob_or_null()? else { return Ok(None) };
    Ok(More::decode(bytes)?.tag_set)
}

/// The session of one row.
pub(crate) fn session(row: &Row<'_>) -> rusqlite::Result<Option<i64>> {
    row.get(SESSION)
}

/// The hash of what one row says that no rollup does, see [`hash_of_row`].
pub(crate) fn hash(row: &Row<'_>) -> rusqlite::Result<u32> {
    let session = row.get_ref(SESSION)?.as_i64_or_null()?;
    let more = row.get_ref(MORE)?.as_blob_or_null()?;
    let (ts, id) = (row.get(TS)?, row.get(ID)?);
    Ok(hash_of_row(ts, id, row.get(0)?, session, more))
}

/// Mixes what places a record and what else no total tells of it, into a number whose sum over a quarter of an hour
/// changes when a record is moved, renamed or exchanged within it. A row that has neither a session nor anything
/// packed has the hash that it had before there were such.
pub(crate) fn hash_of_row(
    ts: i64,
    id: i64,
    label_set: i64,
    session: Option<i64>,
    more: Option<&[u8]>,
) -> u32 {
    let hash = mix(ts.cast_unsigned());
    let hash = mix(hash ^ id.cast_unsigned());
    let mut hash = mix(hash ^ label_set.cast_unsigned());
    if let Some(session) = session {
        hash = mix(hash ^ session.cast_unsigned());
    }
    if let Some(more) = more {
        // Behind all ids.
        hash = mix(hash ^ !u64::from(crc32fast::hash(more)));
    }
    (hash >> 32) as u32
}

/// The finalizer of SplitMix64: each bit of the input changes about half of the output.
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ (number >> 31)
}

/// Reads a label set's names, unchecked, from a column on.
pub(crate) fn names<'a>(row: &'a Row<'_>, first: usize) -> rusqlite::Result<LabelNames<'a>> {
    let mut names = LabelNames::new();
    for (index, label) in Label::ALL.into_iter().enumerate() {
        names = names.with(label, row.get_ref(first + index)?.as_str()?);
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_places_a_record_is_in_its_hash() {
        let hash_of = |ts, id, label_set| hash_of_row(ts, id, label_set, None, None);
        let hash = hash_of(1_777_787_761_000_000, 7, 3);
        // As `docs/reference/schema.md` tells it: what is on disk depends on it.
        assert_eq!(hash, 215_868_155);
        for bit in 0..63 {
            assert_ne!(hash_of(1_777_787_761_000_000 ^ (1 << bit), 7, 3), hash);
            assert_ne!(hash_of(1_777_787_761_000_000, 7 ^ (1 << bit), 3), hash);
            assert_ne!(hash_of(1_777_787_761_000_000, 7, 3 ^ (1 << bit)), hash);
        }
    }

    #[test]
    fn what_no_total_tells_is_in_it_too() {
        let of = |session, more: Option<&[u8]>| hash_of_row(5, 7, 3, session, more);
        let all = [
            of(None, None),
            of(Some(1), None),
            of(Some(2), None),
            of(None, Some(&[4, 1])),
            of(None, Some(&[4, 2])),
            of(Some(1), Some(&[4, 1])),
        ];
        for (at, hash) in all.iter().enumerate() {
            assert!(!all[..at].contains(hash), "{at}");
        }
    }
}
