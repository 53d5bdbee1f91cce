//! The records that come next from a source: which of its records a ledger lacks, and what becomes of them all.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use rusqlite::Connection;
use usage_core::sink::{BatchOutcome, Refusal, RefusalReason};
use usage_core::{Label, Record};

use crate::error::{StoreError, WorkError};
use crate::ledger::columns;
use crate::ledger::retained;
use crate::write::before_horizon;
use crate::write::said::{said_columns, says};
use crate::write::sources::{self, Source, SourceCounts};

/// The records that come next from a source.
#[derive(Clone, Copy, Debug)]
pub struct Append<'a> {
    /// The source, by a name that begins with the kind of it, as in `file:/var/log/gateway.ndjson`.
    pub source: &'a str,
    /// The cursor behind which the records come: nothing is stored unless the ledger has this one.
    /// `None` where it has none.
    pub from: Option<&'a [u8]>,
    /// The cursor behind the records.
    pub to: &'a [u8],
    /// The counts up to the records; what becomes of them is added.
    pub counts: SourceCounts,
    /// The records, in order.
    pub records: &'a [Record],
    /// Which of them the ledger has already.
    pub known: Known<'a>,
}

/// The way to find out which records a ledger has already.
#[derive(Clone, Copy, Debug, Default)]
pub enum Known<'a> {
    /// By event id.
    #[default]
    ByEventId,
    /// By their content, for sources whose records have no id: the ledger lacks a record as often as the
    /// source has it, up to and with these, more often than the ledger; at most as often as it is among
    /// these.
    ByContent {
        /// So many of the first records were appended before and come again. Those that are older than
        /// what the ledger takes are refused, and not quarantined again.
        again: usize,
        /// The number of times that records occur in the source before these. Only those are needed
        /// that [`Appended::Uncounted`] names.
        before: &'a HashMap<Record, u64>,
    },
}

/// The outcome of an [`Append`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is stored, with this outcome, and the source is where it says now.
    Stored(BatchOutcome, Source),
    /// Nothing was stored: the ledger has another cursor of this source, as somebody else got on with
    /// it, or an earlier call that failed has succeeded after all.
    Moved(Option<Source>),
    /// Nothing was stored: the ledger has these records, and it is not said how often they occur in the
    /// source before.
    Uncounted(Vec<Record>),
}

/// The reason why an attempt was broken off.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Nothing is to be stored.
    Appended(Appended),
    /// Other records are to go in.
    Lacking(Vec<usize>),
    Failed(StoreError),
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<Broken> for WorkError<Broken> {
    fn from(broken: Broken) -> Self {
        Self::Own(broken)
    }
}

impl Append<'_> {
    /// Goes on if the source stands where it should, and exactly those of the records are lacking.
    pub(crate) fn begin(
        &self,
        connection: &Connection,
        lacking: &[usize],
    ) -> Result<(), WorkError<Broken>> {
        let found = sources::read(connection, self.source)?;
        if found.as_ref().map(|source| source.cursor.as_slice()) != self.from {
            return Err(Broken::Appended(Appended::Moved(found)).into());
        }
        let Known::ByContent { again, before } = self.known else { return Ok(()) };
        let found = self.lacking(connection, again, before)?;
        if found == lacking { Ok(()) } else { Err(Broken::Lacking(found).into()) }
    }

    /// Returns which records the ledger and its quarantine lack; breaks off with those of which that cannot be
    /// said.
    fn lacking(
        &self,
        connection: &Connection,
        again: usize,
        before: &HashMap<Record, u64>,
    ) -> Result<Vec<usize>, WorkError<Broken>> {
        let from = retained::records_from(connection)?.unwrap_or(i64::MIN);
        let is_wanted = |index: usize, record: &Record| {
            index >= again || record.timestamp().as_micros() >= from
        };
        let wanted = self.records.iter().enumerate();
        let wanted = wanted.filter(|(index, record)| is_wanted(*index, record));
        let mut among: HashMap<&Record, u64> = HashMap::new();
        for (_, record) in wanted.clone() {
            *among.entry(record).or_default() += 1;
        }
        let mut uncounted = Vec::new();
        for (record, count) in &mut among {
            // A quarantined one is as good as stored: it is taken in from there.
            let held = held(connection, record)? + before_horizon::count(connection, record)?;
            match before.get(*record) {
                Some(before) => *count = (before + *count).saturating_sub(held).min(*count),
                None if held == 0 => {}
                None => uncounted.push((*record).clone()),
            }
        }
        if !uncounted.is_empty() {
            return Err(Broken::Appended(Appended::Uncounted(uncounted)).into());
        }
        let mut lacking = Vec::new();
        for (index, record) in wanted {
            if let Some(count) = among.get_mut(record).filter(|count| **count > 0) {
                *count -= 1;
                lacking.push(index);
            }
        }
        Ok(lacking)
    }

    /// Returns what became of all the records, when this became of those that were lacking.
    pub(crate) fn outcome_of(
        &self,
        outcome: &BatchOutcome,
        lacking: &[usize],
        connection: &Connection,
    ) -> rusqlite::Result<BatchOutcome> {
        let mut refused: Vec<_> = outcome
            .refused
            .iter()
            .map(|refusal| {
                let mut refusal = refusal.clone();
                refusal.index = lacking[refusal.index];
                refusal
            })
            .collect();
        if lacking.len() < self.records.len() {
            // What is quarantined already, or was refused before, is no less too old.
            let from = retained::records_from(connection)?.unwrap_or(i64::MIN);
            let inserted: HashSet<usize> = lacking.iter().copied().collect();
            for (index, record) in self.records.iter().enumerate() {
                if record.timestamp().as_micros() < from && !inserted.contains(&index) {
                    refused.push(Refusal::new(index, RefusalReason::BeforeHorizon));
                }
            }
            refused.sort_by_key(|refusal| refusal.index);
        }
        let is_news = outcome.stored + outcome.amended;
        let duplicates = self.records.len() as u64 - is_news - refused.len() as u64;
        let whole = BatchOutcome::stored(outcome.stored).with_amended(outcome.amended);
        Ok(whole.with_duplicates(duplicates).with_refused(refused))
    }
}

/// Returns how many records of the very same content the ledger holds, with an event id or without.
fn held(connection: &Connection, record: &Record) -> rusqlite::Result<u64> {
    static SQL: LazyLock<String> = LazyLock::new(|| {
        // What tells most of them apart before any more is read of them.
        let same: String = columns::measures()
            .map(|measure| format!(" AND r.{} = ?", measure.name()))
            .chain(Label::ALL.map(|label| format!(" AND l.{} = ?", label.field())))
            .collect();
        format!(
            "SELECT {} FROM records AS r CROSS JOIN label_sets AS l ON l.id = r.label_set \
             WHERE r.ts = ?{same}",
            said_columns()
        )
    });
    let mut statement = connection.prepare_cached(&SQL)?;
    statement.raw_bind_parameter(1, record.timestamp().as_micros())?;
    let mut at = 2;
    for measure in columns::measures() {
        statement.raw_bind_parameter(at, record.counts().get(measure))?;
        at += 1;
    }
    for name in record.labels().names().all() {
        statement.raw_bind_parameter(at, name)?;
        at += 1;
    }
    let (mut rows, mut count) = (statement.raw_query(), 0);
    while let Some(row) = rows.next()? {
        count += u64::from(says(connection, row, 0, record)?);
    }
    Ok(count)
}
