//! From a ledger to an engine, at least once, and exact there.
//!
//! A pass: look at one state of the ledger, compare its checksums with the marks that the engine has; note a new version
//! in the ledger, on its disk; send what differs under that version; count it there; send its marks; and when nothing is
//! left say in one row up to which version the epoch counts. A pass that breaks off anywhere has changed no answer, and
//! the next one sends what is missing under another version.

use std::collections::BTreeSet;

use usage_core::Label;
use usage_core::stats::Summary;
use usage_store::Store;
use usage_store::shipped::{Changes, Known, Stretch, StretchLevel};

use crate::error::ShipError;
use crate::schema::{self, tables};
use crate::tsv::Rows;
use crate::wire::{Dialect, Target, Wire, parsed};

mod head;

pub(crate) use head::{Head, Ledger, ledgers};

/// The sums and records that a pass sends about, each a row of some 200 bytes.
const A_PASS: usize = 50_000;

/// What is shipped, and how.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// Ship the records themselves beside the sums. Once shipped to a target they always are.
    pub with_records: bool,
    /// Ship the ledger anew, in place of what is there of it: for one that was restored from a copy, or is a clone.
    pub new_epoch: bool,
    /// The name under which the ledger is listed there.
    pub name: String,
}

/// What was shipped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shipped {
    /// The stretches of time that were replaced.
    pub stretches: u64,
    /// The rows of sums that they have.
    pub sums: u64,
    /// The records that they have.
    pub records: u64,
    /// The number of passes.
    pub passes: u64,
}

/// Ships a ledger to an engine.
pub struct Shipper<'s> {
    store: &'s Store,
    target: Target,
    options: Options,
    link: Option<Link>,
}

/// A connection, and what is known of the far side.
struct Link {
    wire: Box<dyn Wire>,
    known: Known,
    head: Option<Head>,
    /// The version that was given last for this target.
    version: Option<u64>,
    epoch: String,
    /// The versions that were sent since superseded ones were deleted.
    untidy: u64,
}

impl<'s> Shipper<'s> {
    /// Makes one; connects when something is shipped.
    #[must_use]
    pub fn new(store: &'s Store, target: Target, options: Options) -> Self {
        Self { store, target, options, link: None }
    }

    /// Ships until nothing is left.
    ///
    /// # Errors
    /// When the engine is away or refuses it, or the ledger is an older copy of itself; what is there stays what it
    /// was, and the next call goes on.
    pub fn ship(&mut self) -> Result<Shipped, ShipError> {
        let mut link = match self.link.take() {
            Some(link) => link,
            None => self.connect()?,
        };
        let mut shipped = Shipped::default();
        // A link that has failed is not used again: nobody knows what of its last words has arrived.
        while self.pass(&mut link, &mut shipped)? {}
        self.link = Some(link);
        Ok(shipped)
    }

    fn connect(&mut self) -> Result<Link, ShipError> {
        let mut wire = self.target.connect()?;
        schema::migrate(&mut *wire)?;
        let name = self.target.name();
        let epoch = match self.store.shipping_epoch()? {
            Some((epoch, true)) if !self.options.new_epoch => epoch,
            Some((_, false)) if !self.options.new_epoch => return Err(ShipError::OlderCopy),
            _ => self.store.begin_shipping_epoch()?,
        };
        self.options.new_epoch = false;
        let retired = self.store.retired_epochs()?;
        // A note that was given before anything is read: whoever gives another one meanwhile is noticed.
        let version = self.store.shipping_version(&name)?;
        let found = ledgers(&mut *wire)?;
        for ledger in found.iter().filter(|of| of.is_live && retired.contains(&of.epoch)) {
            head::retire(&mut *wire, ledger)?;
        }
        let found = found.into_iter().find(|ledger| ledger.epoch == epoch);
        if found.as_ref().is_some_and(|ledger| !ledger.is_live) {
            return Err(ShipError::Retired);
        }
        let known = known(&mut *wire, &epoch, found.as_ref())?;
        let head = found.map(|ledger| ledger.head);
        Ok(Link { wire, known, head, version, epoch, untidy: 0 })
    }

    /// Returns whether there may be more.
    fn pass(&self, link: &mut Link, shipped: &mut Shipped) -> Result<bool, ShipError> {
        let with_records = self.options.with_records
            || link.known.checksums.keys().any(|(level, _)| *level == StretchLevel::Records);
        let changes = self.store.changes_from(&link.known, with_records, A_PASS)?;
        if changes.head.epoch != link.epoch {
            return Err(ShipError::Taken);
        }
        let head = Head::of(&changes.head);
        if changes.stretches.is_empty()
            && changes.labels.is_empty()
            && link.head.as_ref() == Some(&head)
        {
            return Ok(false);
        }
        // Before a version is given: an older copy that is tried often enough must not catch up.
        if greatest(&mut *link.wire, &link.epoch)? > self.store.greatest_shipping_version()? {
            return Err(ShipError::OlderCopy);
        }
        let name = self.target.name();
        let next = self.store.next_shipping_version(&name, link.version, fastrand::u16(..))?;
        let (before, version) = next.ok_or(ShipError::Taken)?;
        link.version = Some(version);
        let is_postgres = link.wire.dialect() == Dialect::Postgres;
        if is_postgres {
            link.wire.execute("BEGIN")?;
            // One ledger, one writer: others wait until this transaction is over.
            let lock = format!("SELECT pg_advisory_xact_lock(hashtext('usage {}'))", link.epoch);
            link.wire.query(&lock)?;
        }
        let there = greatest(&mut *link.wire, &link.epoch)?;
        if there > before {
            return Err(ShipError::OlderCopy);
        }
        send(self.store, link, &changes, version)?;
        if !changes.has_more {
            head::put(&mut *link.wire, &link.epoch, version, true, &self.options.name, &head)?;
        }
        link.untidy += 1;
        if is_postgres {
            tidy_postgres(link, &changes, version)?;
            link.wire.execute("COMMIT")?;
        } else if !changes.has_more && link.untidy >= TIDY_AFTER {
            tidy(link, version)?;
        }
        // Only now it is known to be there.
        for stretch in &changes.stretches {
            link.known.checksums.insert((stretch.level, stretch.number), stretch.checksum);
        }
        link.known.label_sets = changes.head.label_sets;
        if !changes.has_more {
            link.head = Some(head);
        }
        shipped.passes += 1;
        shipped.stretches += changes.stretches.len() as u64;
        shipped.sums += changes.stretches.iter().map(|of| of.sums.len() as u64).sum::<u64>();
        shipped.records += changes.stretches.iter().map(|of| of.records.len() as u64).sum::<u64>();
        Ok(true)
    }
}

/// The passes after which superseded versions are deleted, where that costs a rewrite of whole parts.
const TIDY_AFTER: u64 = 64;

/// The greatest version of an epoch there, counted or not.
fn greatest(wire: &mut dyn Wire, epoch: &str) -> Result<u64, ShipError> {
    let of = |table: &str| {
        format!("SELECT coalesce(max(version), 0) FROM {table} WHERE epoch = '{epoch}'")
    };
    Ok(wire.number(&of("usage_mark"))?.max(wire.number(&of("usage_ledger"))?))
}

/// The marks that the engine has of an epoch: those that were sent last, counted or not.
fn known(wire: &mut dyn Wire, epoch: &str, ledger: Option<&Ledger>) -> Result<Known, ShipError> {
    let mut known =
        Known { label_sets: ledger.map_or((0, 0), |of| of.head.label_sets), ..Known::default() };
    let sql = format!(
        "SELECT level, number, version, checksum FROM usage_mark WHERE epoch = '{epoch}' ORDER BY level, number, version"
    );
    for row in wire.query(&sql)? {
        let [level, number, _, checksum] = &row[..] else { continue };
        let level = match parsed::<i16>(level)? {
            1 => StretchLevel::Quarter,
            2 => StretchLevel::Day,
            3 => StretchLevel::Month,
            4 => StretchLevel::SessionDay,
            5 => StretchLevel::Records,
            _ => continue,
        };
        known.checksums.insert((level, parsed(number)?), parsed(checksum)?);
    }
    Ok(known)
}

/// Sends what has changed under a version, counts it, and says by marks that it is whole.
fn send(store: &Store, link: &mut Link, changes: &Changes, version: u64) -> Result<(), ShipError> {
    let (wire, epoch) = (&mut *link.wire, link.epoch.as_str());
    let [_, mark, sum, label, session, record] = tables();
    send_names(store, wire, (&label, &session), changes, epoch, version)?;
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
            records.push(stored.record.counts().get(usage_core::Measure::Elsewhere));
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

fn send_names(
    store: &Store,
    wire: &mut dyn Wire,
    (label, session): (&schema::Table, &schema::Table),
    changes: &Changes,
    epoch: &str,
    version: u64,
) -> Result<(), ShipError> {
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
    let gone = store.shipped_sessions(&gone.into_iter().collect::<Vec<_>>())?;
    for of in of_days.iter().chain(&gone).filter(|of| sent.insert(of.id)) {
        sessions.push(epoch);
        sessions.push(of.id);
        sessions.push(version);
        sessions.push(&of.instance);
        sessions.push(&of.session_id);
        sessions.push(of.times.0);
        sessions.push(of.times.1);
        sessions.end();
    }
    for (table, rows, ids) in [
        (label, &labels, changes.labels.iter().map(|of| of.id).collect::<Vec<_>>()),
        (session, &sessions, sent.into_iter().collect()),
    ] {
        if wire.dialect() == Dialect::Postgres {
            for ids in ids.chunks(10_000) {
                let ids = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
                wire.execute(&format!(
                    "DELETE FROM {} WHERE epoch = '{epoch}' AND id IN ({ids})",
                    table.name
                ))?;
            }
        }
        wire.load_all(table.name, &table.columns(), rows)?;
    }
    Ok(())
}

/// Hands out the sums of a row in the order of [`schema::sums`].
fn each_sum(totals: &Summary, mut give: impl FnMut(u128)) {
    give(totals.requests.into());
    totals.numbers.iter().for_each(|number| give((*number).into()));
    give(totals.stated_cost.picos());
    give(totals.cost.picos());
}

/// Deletes what this version has taken the place of, in the same transaction.
fn tidy_postgres(link: &mut Link, changes: &Changes, version: u64) -> Result<(), ShipError> {
    let epoch = &link.epoch;
    for level in 1..=5_u8 {
        let numbers: Vec<_> = changes
            .stretches
            .iter()
            .filter(|of| of.level as u8 == level)
            .map(|of| of.number.to_string())
            .collect();
        for numbers in numbers.chunks(5_000) {
            let numbers = numbers.join(",");
            let table = if level == 5 { "usage_record" } else { "usage_sum" };
            for table in [table, "usage_mark"] {
                let sql = format!(
                    "DELETE FROM {table} WHERE epoch = '{epoch}' AND level = {level} AND number IN ({numbers}) AND version < {version}"
                );
                link.wire.execute(&sql)?;
            }
        }
    }
    Ok(())
}

/// Deletes what later marks have taken the place of, and what never had a mark. Decides nothing: what is superseded is
/// counted by nobody.
fn tidy(link: &mut Link, version: u64) -> Result<(), ShipError> {
    let epoch = &link.epoch;
    let latest = format!(
        "SELECT level, number, max(version) FROM usage_mark WHERE epoch = '{epoch}' AND version <= {version} GROUP BY level, number"
    );
    for table in ["usage_sum", "usage_record", "usage_mark"] {
        let sql = format!(
            "ALTER TABLE {table} DELETE WHERE epoch = '{epoch}' AND version <= {version} AND (level, number, version) NOT IN ({latest})"
        );
        link.wire.execute(&sql)?;
    }
    link.untidy = 0;
    Ok(())
}
