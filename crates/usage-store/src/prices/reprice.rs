//! Pricing records anew: whole or not at all, and told in the ledger.

use std::ops::ControlFlow;

use rusqlite::{Connection, params};
use usage_core::pricing::PriceList;
use usage_core::stats::Summary;
use usage_core::{Label, Measure, Money, TimeRange, Timestamp};

use super::plan::{PricedSum, RepricePlan, RepriceScope, reprice};
use super::rows::{Answers, Reader};
use super::{LedgerPrices, READ};
use crate::error::{DamageCode, ReadError, WorkError};
use crate::ledger::books;
use crate::ledger::columns::hash_of_row;
use crate::ledger::more::More;
use crate::ledger::terms;
use crate::rollups::Delta;
use crate::{Result, Store, StoreError};

/// The number of rows that are changed before sums are: as many are in memory.
const AT_ONCE: usize = 20_000;

/// The outcome of pricing anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repriced {
    /// The number of records that were looked at.
    pub records: u64,
    /// The number of those that have other terms now.
    pub changed: u64,
    /// What they came to.
    pub before: PricedSum,
    /// What they come to.
    pub after: PricedSum,
}

/// An entry in the ledger about records that were priced anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Repricing {
    /// When.
    pub at: Timestamp,
    /// Who has done it.
    pub by: String,
    /// The time of the records.
    pub range: TimeRange,
    /// Which of them, in words: `all` or `missing`, and the names that were kept.
    pub what: String,
    /// By which books, in words.
    pub books: String,
    /// What it came to.
    pub outcome: Repriced,
}

impl Store {
    /// Carries out a plan, as of the books and records that there are then: in one transaction, which changes all of
    /// them or, however it ends, none. Other writers wait meanwhile, for as long as they are ready to; a tracker with a
    /// journal goes on recording. `by` is told to people who ask who has done it. `on_progress` gets how many records
    /// were changed so far.
    ///
    /// # Errors
    /// As [`RepricePlan::new`], and when the ledger cannot be written. Nothing was changed then.
    pub fn reprice(
        &self,
        plan: &RepricePlan,
        now: Timestamp,
        by: &str,
        mut on_progress: impl FnMut(u64),
    ) -> Result<Repriced> {
        let pricing = self.needs_pricing()?;
        self.write("price the records of", |writer| {
            writer.ledger.write(|transaction, _| {
                books::put_shipped(transaction, &**pricing)?;
                let Some(list) = books::list(transaction, &**pricing)? else {
                    let path = self.path().to_owned();
                    return Err(WorkError::Own(StoreError::UnreadableBooks { path }));
                };
                let done = all_rows(transaction, plan, &*list, &mut on_progress)?;
                note(transaction, plan, &done, (now, by))?;
                Ok(done)
            })
        })
    }
}

/// A row that is to have other terms.
struct Changed {
    ts: i64,
    id: i64,
    label_set: i64,
    session: Option<i64>,
    more: Option<Vec<u8>>,
    terms: u64,
    before: Summary,
    cost: Option<Money>,
}

fn all_rows(
    connection: &Connection,
    plan: &RepricePlan,
    list: &dyn PriceList,
    on_progress: &mut dyn FnMut(u64),
) -> Result<Repriced, ReadError> {
    let mut reader = Reader::new(connection, plan.range, &plan.filter)?;
    let (mut answers, mut done) = (Answers::new(), Repriced::default());
    let mut place = (i64::MIN, i64::MIN);
    loop {
        let mut changed = Vec::new();
        let mut is_over = true;
        reader.each_behind(place, |row, costs| {
            place = (row.ts, row.id);
            let id_of = |quote: &_| {
                terms::id_of(connection, quote)?.ok_or_else(|| {
                    let what = "terms that records would get are not those that were stored";
                    ReadError::Damaged(DamageCode::Prices, what.to_owned())
                })
            };
            if let Some(new) = reprice(list, &mut answers, plan.scope, row, costs, id_of)? {
                done.records += 1;
                done.before.add(new.before);
                done.after.add(new.after);
                if let Some(terms) = new.terms {
                    changed.push(Changed {
                        ts: row.ts,
                        id: row.id,
                        label_set: row.label_set,
                        session: row.session,
                        more: row.more.map(<[u8]>::to_vec),
                        terms,
                        before: row.totals,
                        cost: new.after,
                    });
                }
            }
            is_over = changed.len() < AT_ONCE;
            Ok(if is_over { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        change(connection, &changed)?;
        done.changed += changed.len() as u64;
        on_progress(done.changed);
        if is_over {
            return Ok(done);
        }
    }
}

/// Gives rows their new terms, and sums their cost.
fn change(connection: &Connection, rows: &[Changed]) -> Result<(), ReadError> {
    let sessions_from = crate::ledger::retained::sessions_from(connection)?.unwrap_or(i64::MIN);
    let (mut comes, mut goes) = (Delta::default(), Delta::default());
    let mut statement =
        connection.prepare_cached("UPDATE records SET more = ?3 WHERE ts = ?1 AND id = ?2")?;
    let mut bytes = Vec::new();
    for row in rows {
        let more = row.more.as_deref().map_or(Ok(More::NONE), More::decode);
        let more = More { terms: Some(row.terms), ..more.map_err(rusqlite::Error::from)? };
        more.encode(&mut bytes);
        if statement.execute(params![row.ts, row.id, bytes])? != 1 {
            return Err(rusqlite::Error::StatementChangedRows(0).into());
        }
        let mut after = row.before;
        (after[Measure::Priced], after.cost) = (0, Money::ZERO);
        row.cost.into_iter().for_each(|cost| after.add_cost(cost));
        let under = (row.label_set, row.session.filter(|_| row.ts >= sessions_from));
        let hash =
            |more: Option<&[u8]>| hash_of_row(row.ts, row.id, row.label_set, row.session, more);
        comes.record(row.ts, under, hash(Some(&bytes)), &after);
        goes.record(row.ts, under, hash(row.more.as_deref()), &row.before);
    }
    // What comes first: so nothing is taken away that is not there.
    comes.keeping_sessions().count_in(connection)?;
    goes.keeping_sessions().count_out(connection)?;
    Ok(())
}

fn note(
    connection: &Connection,
    plan: &RepricePlan,
    done: &Repriced,
    (now, by): (Timestamp, &str),
) -> rusqlite::Result<()> {
    let books = books::all(connection)?.into_iter().filter(|book| book.is_in_force);
    let books: Vec<_> = books
        .map(|book| format!("{} {} {}", book.book.name, book.book.version, book.book.date))
        .collect();
    let range = [plan.range.start, plan.range.end].map(|at| at.map(Timestamp::as_micros));
    let Repriced { records, changed, before, after } = *done;
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    connection.execute(
        "INSERT INTO repricings (at, by, first, until, what, books, records, changed, \
         priced_before, cost_before_usd, priced_after, cost_after_usd) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            now.as_micros(),
            by,
            range[0],
            range[1],
            what(plan),
            books.join("; "),
            number(records),
            number(changed),
            number(before.priced),
            before.cost.to_string(),
            number(after.priced),
            after.cost.to_string(),
        ],
    )?;
    Ok(())
}

/// Names the records of a plan.
fn what(plan: &RepricePlan) -> String {
    let scope = match plan.scope {
        RepriceScope::All => "all",
        RepriceScope::Missing => "missing",
    };
    let mut parts = vec![scope.to_owned()];
    for label in Label::ALL {
        let kept = plan.filter.kept(label).iter();
        parts.extend(kept.map(|name| format!("{}={name}", label.name())));
    }
    let tags = plan.filter.tags().iter();
    parts.extend(tags.map(|(key, value)| format!("{}={value}", key.name())));
    parts.join(", ")
}

impl LedgerPrices<'_> {
    /// Returns when records were priced anew, by whom and by which books: the last time first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn repricings(&self) -> Result<Vec<Repricing>> {
        self.store.read(READ, |connection| {
            let mut statement = connection.prepare(
                "SELECT at, by, first, until, what, books, records, changed, priced_before, \
                 cost_before_usd, priced_after, cost_after_usd FROM repricings ORDER BY id DESC",
            )?;
            let all = statement.query_map([], |row| {
                let at = |place| -> rusqlite::Result<Option<Timestamp>> {
                    Ok(row.get::<_, Option<i64>>(place)?.map(Timestamp::from_micros))
                };
                let number = |place| row.get::<_, i64>(place).map(i64::unsigned_abs);
                let sum = |place: usize| -> rusqlite::Result<PricedSum> {
                    let cost: String = row.get(place + 1)?;
                    let cost = cost.parse().unwrap_or_default();
                    Ok(PricedSum { priced: number(place)?, cost })
                };
                Ok(Repricing {
                    at: Timestamp::from_micros(row.get(0)?),
                    by: row.get(1)?,
                    range: TimeRange { start: at(2)?, end: at(3)? },
                    what: row.get(4)?,
                    books: row.get(5)?,
                    outcome: Repriced {
                        records: number(6)?,
                        changed: number(7)?,
                        before: sum(8)?,
                        after: sum(10)?,
                    },
                })
            })?;
            Ok(all.collect::<rusqlite::Result<_>>()?)
        })
    }
}
