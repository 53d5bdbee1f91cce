//! The transaction that takes a page of rows into the ledger, each occurrence once.

use std::collections::HashMap;
use std::sync::LazyLock;

use rusqlite::Connection;
use usage_core::{Label, Measure, Record};

use super::row::OriginRow;
use super::watermark::{self, Counts, Watermark};
use crate::Store;
use crate::error::Result;
use crate::ledger::labels::LabelCache;
use crate::ledger::retained;
use crate::write::insert::insert_all;
use crate::write::quarantine;

/// What became of a page.
#[derive(Debug)]
pub(super) enum Taken {
    /// It is in the ledger, and so is this watermark.
    Done(Watermark),
    /// Nothing was written: another import of this origin has got on meanwhile.
    Overtaken,
    /// Nothing was written: what the ledger takes at all has changed meanwhile.
    Pruned,
    /// Nothing was written: the ledger holds these records already, and it is not known how
    /// often they occur in the origin before the page.
    Unknown(Vec<Record>),
}

/// A page on its way into the ledger.
pub(super) struct Taking<'a> {
    pub(super) source: &'a str,
    /// The watermark that the page was read under.
    pub(super) expected: Option<Watermark>,
    /// What is counted already, under the watermark that will be written.
    pub(super) counts: Counts,
    /// The rows were looked at under this: none that is older holds a record any more.
    pub(super) records_from: Option<i64>,
    /// What is older than the ledger takes is quarantined with the rest, but for rows up to this one.
    pub(super) seen_up_to: i64,
    pub(super) rows: &'a [OriginRow],
    /// How often records occur in the origin before the page.
    pub(super) before: &'a HashMap<Record, u64>,
}

impl Taking<'_> {
    /// Runs the transaction: records and watermark together, or neither.
    pub(super) fn run(&self, store: &Store, cache: &mut LabelCache) -> Result<Taken> {
        store.write("import into the ledger", |writer| {
            let mut publish = None;
            let taken = writer.ledger.write(|transaction, generation| {
                if watermark::read(transaction, self.source)? != self.expected {
                    return Ok(Taken::Overtaken);
                }
                if retained::records_from(transaction)? != self.records_from {
                    return Ok(Taken::Pruned);
                }
                let (surplus, unknown) = self.surplus(transaction)?;
                if !unknown.is_empty() {
                    return Ok(Taken::Unknown(unknown));
                }
                let mut pending = cache.begin(generation);
                let mut label_id = |record: &Record| pending.id_of(transaction, record.labels());
                let outcome = insert_all(transaction, &surplus, &mut label_id)?;
                publish = Some(pending);
                self.advance(transaction, outcome.stored)
            })?;
            if let Some(pending) = publish {
                pending.commit();
            }
            Ok(taken)
        })
    }

    /// The records of the page that the ledger and its quarantine lack; and those of which that cannot be said.
    ///
    /// A record may occur any number of times. The ledger lacks it as often as the origin has it,
    /// up to this page, more often than the ledger, but at most as often as this page has it:
    /// what came before was taken before, and may have been deleted from the ledger since.
    fn surplus(&self, connection: &Connection) -> rusqlite::Result<(Vec<Record>, Vec<Record>)> {
        let mut in_page: HashMap<&Record, u64> = HashMap::new();
        for record in self.wanted() {
            *in_page.entry(record).or_default() += 1;
        }
        let (mut lacking, mut unknown) = (HashMap::<_, u64>::new(), Vec::new());
        for (record, count) in in_page {
            // A quarantined one is as good as stored: it is taken in from there.
            let held = held(connection, record)? + quarantine::count(connection, record)?;
            let before = match self.before.get(record) {
                Some(before) => *before,
                None if held == 0 => 0,
                None => {
                    unknown.push(record.clone());
                    continue;
                }
            };
            lacking.insert(record, (before + count).saturating_sub(held).min(count));
        }
        let mut surplus = Vec::new();
        for record in self.wanted() {
            if let Some(count) = lacking.get_mut(record).filter(|count| **count > 0) {
                *count -= 1;
                surplus.push(record.clone());
            }
        }
        Ok((surplus, unknown))
    }

    /// Those of the page that the ledger is to have or to quarantine.
    fn wanted(&self) -> impl Iterator<Item = &Record> {
        let late = |row: &OriginRow| row.id > self.seen_up_to;
        self.rows.iter().filter_map(move |row| match &row.record {
            Ok(record) => Some(record),
            Err(_) => row.late.as_ref().filter(|_| late(row)),
        })
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.rows.iter().filter_map(|row| row.record.as_ref().ok())
    }

    fn advance(&self, connection: &Connection, imported: u64) -> rusqlite::Result<Taken> {
        let count = |rows: usize| i64::try_from(rows).unwrap_or(i64::MAX);
        let (rows, valid) = (count(self.rows.len()), count(self.records().count()));
        let imported = i64::try_from(imported).unwrap_or(i64::MAX);
        let counts = Counts { imported, already_there: valid - imported, refused: rows - valid };
        let watermark = Watermark {
            last_id: self.rows.last().map_or(0, |row| row.id),
            last_row: self.rows.last().map_or(0, |row| row.fingerprint),
            counts: self.counts.plus(counts),
        };
        watermark::write(connection, self.source, &watermark)?;
        Ok(Taken::Done(watermark))
    }
}

/// How many records of the very same content the ledger holds, with an event id or without.
fn held(connection: &Connection, record: &Record) -> rusqlite::Result<u64> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        let same = |prefix: &str, columns: &[&str]| -> String {
            columns.iter().map(|column| format!(" AND {prefix}{column} = ?")).collect()
        };
        format!(
            "SELECT count(*) FROM records AS r CROSS JOIN label_sets AS l ON l.id = r.label_set \
             WHERE r.ts = ?{}{}",
            same("r.", &Measure::ALL.map(Measure::name)),
            same("l.", &Label::ALL.map(Label::field)),
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    statement.raw_bind_parameter(1, record.timestamp().as_micros())?;
    let mut at = 2;
    for number in record.counts().numbers() {
        statement.raw_bind_parameter(at, number)?;
        at += 1;
    }
    for name in record.labels().names().all() {
        statement.raw_bind_parameter(at, name)?;
        at += 1;
    }
    let mut rows = statement.raw_query();
    let count = rows.next()?.map_or(Ok(0), |row| row.get::<_, i64>(0))?;
    Ok(count.unsigned_abs())
}
