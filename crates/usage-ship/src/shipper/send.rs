//! What a pass sends: names, rows, and the marks that say which of them count.

use std::collections::BTreeSet;

use usage_core::stats::Summary;
use usage_core::{Label, Measure};
use usage_store::Store;
use usage_store::shipped::{Changes, Stretch, StretchLevel};

use super::Link;
use crate::error::ShipError;
use crate::schema::{self, tables};
use crate::tsv::Rows;
use crate::wire::{Dialect, Wire, parsed};

/// Sends what has changed under a version, counts it, and says by marks that it is whole.
pub(super) fn send(
    store: &Store,
    link: &mut Link,
    changes: &Changes,
    version: u64,
) -> Result<(), ShipError> {
    let (wire, epoch) = (&mut *link.wire, link.epoch.as_str());
    let [_, mark, sum, label, session, record] = tables();
    let sent = send_names(store, wire, (&label, &session), changes, epoch, version)?;
    if let Some(sessions) = &mut link.sessions {
        sessions.extend(sent);
    }
    let [mut sums, mut records, mut marks] = [const { Rows::new() }; 3];
    for stretch in &changes.stretches {
        let key = |rows: &mut Rows| {
            rows.push(epoch);
            rows.push(stretch.level as u8);
            rows.push(stretch.number);
            rows.push(version);
        };
        for (label, session, totals) in &stretch.sums {
            key(&mut sums);
            sums.push(session);
            sums.push(label);
            each_sum(totals, |number| sums.push(number));
            sums.end();
        }
        for stored in &stretch.records {
            key(&mut records);
            records.push(stored.id);
            records.push(stored.record.timestamp().as_micros());
            records.push(stored.record.counts().get(Measure::Elsewhere));
            records.push(stored.cost.map(|cost| cost.picos().to_string()).unwrap_or_default());
            records.push(usage_core::record::line::write(&stored.record));
            records.end();
        }
        key(&mut marks);
        marks.push(stretch.checksum);
        marks.push(stretch.sums.len() + stretch.records.len());
        let (first, last) = stretch.times.unwrap_or_default();
        marks.push(first);
        marks.push(last);
        marks.push(stretch.folded);
        marks.end();
    }
    for (table, rows) in [(&sum, &sums), (&record, &records)] {
        wire.load_all(table.name, &table.columns(), rows)?;
        count(wire, table.name, rows.count(), changes, epoch, version)?;
    }
    wire.load_all(mark.name, &mark.columns(), &marks)?;
    count(wire, mark.name, marks.count(), changes, epoch, version)
}

/// Counts what is there of a version: a success that was told is not believed.
fn count(
    wire: &mut dyn Wire,
    table: &'static str,
    expected: u64,
    changes: &Changes,
    epoch: &str,
    version: u64,
) -> Result<(), ShipError> {
    let numbers = || changes.stretches.iter().map(|stretch| stretch.number);
    let (Some(least), Some(most)) = (numbers().min(), numbers().max()) else { return Ok(()) };
    let last = if wire.dialect() == Dialect::Postgres { "" } else { " FINAL" };
    let sql = format!(
        "SELECT count(*) FROM {table}{last} WHERE epoch = '{epoch}' AND level >= 1 AND level <= 5 \
         AND number >= {least} AND number <= {most} AND version = {version}"
    );
    let found = wire.number(&sql)?;
    if found == expected { Ok(()) } else { Err(ShipError::Count { table, found, expected }) }
}

/// The sessions that had sums in a day that is sent anew: one that has none there any more may have other ends now.
fn sessions_there(
    wire: &mut dyn Wire,
    changes: &Changes,
    epoch: &str,
) -> Result<BTreeSet<i64>, ShipError> {
    let days = changes.stretches.iter().filter(|of| of.level == StretchLevel::SessionDay);
    let days: Vec<_> = days.map(|of| of.number.to_string()).collect();
    let mut there = BTreeSet::new();
    for days in days.chunks(2_000) {
        let level = StretchLevel::SessionDay as u8;
        let sql = format!(
            "SELECT DISTINCT session FROM usage_sum WHERE epoch = '{epoch}' AND level = {level} AND number IN ({})",
            days.join(",")
        );
        for row in wire.query(&sql)? {
            row.first().map(|id| parsed(id).map(|id| there.insert(id))).transpose()?;
        }
    }
    Ok(there)
}

/// Sends names and sessions, and returns which sessions.
fn send_names(
    store: &Store,
    wire: &mut dyn Wire,
    (label, session): (&schema::Table, &schema::Table),
    changes: &Changes,
    epoch: &str,
    version: u64,
) -> Result<BTreeSet<i64>, ShipError> {
    let (mut labels, mut sessions) = (Rows::default(), Rows::default());
    for of in &changes.labels {
        labels.push(epoch);
        labels.push(of.id);
        labels.push(version);
        Label::ALL.into_iter().for_each(|label| labels.push(of.labels.name(label)));
        labels.push(of.labels.tags().to_json());
        labels.end();
    }
    let mut sent = BTreeSet::new();
    let of_days = changes.stretches.iter().flat_map(|stretch: &Stretch| &stretch.sessions);
    let of_days: Vec<_> = of_days.cloned().collect();
    let mut gone = sessions_there(wire, changes, epoch)?;
    for of in &of_days {
        gone.remove(&of.id);
    }
    let left = store.shipped_sessions(&gone.into_iter().collect::<Vec<_>>())?;
    for of in of_days.iter().chain(&left).filter(|of| sent.insert(of.id)) {
        sessions.push(epoch);
        sessions.push(of.id);
        sessions.push(version);
        sessions.push(&of.instance);
        sessions.push(&of.session_id);
        sessions.push(of.times.0);
        sessions.push(of.times.1);
        sessions.end();
    }
    wire.load_all(label.name, &label.columns(), &labels)?;
    wire.load_all(session.name, &session.columns(), &sessions)?;
    Ok(sent)
}

/// Hands out the sums of a row in the order of [`schema::sums`].
fn each_sum(totals: &Summary, mut give: impl FnMut(u128)) {
    give(totals.requests.into());
    totals.numbers.iter().for_each(|number| give((*number).into()));
    give(totals.stated_cost.picos());
    give(totals.cost.picos());
}
