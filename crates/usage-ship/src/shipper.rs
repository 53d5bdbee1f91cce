//! From a ledger to an engine, at least once, and exact there.
//!
//! A pass: look at one state of the ledger, compare its checksums with the marks that the engine has; note a new version
//! in the ledger, on its disk; send what differs under that version; count it there; send its marks; and when nothing is
//! left say in one row up to which version the epoch counts. A pass that breaks off anywhere has changed no answer, and
//! the next one sends what is missing under another version.

use usage_store::Store;
use usage_store::shipped::{Changes, Known, StretchLevel};

use crate::error::ShipError;
use crate::schema;
use crate::wire::{Dialect, Target, Wire, parsed};

mod head;
mod send;

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
        send::send(self.store, link, &changes, version)?;
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
    link.untidy = 0;
    let over_shards = "SELECT count() FROM system.tables WHERE database = currentDatabase() \
                       AND name = 'usage_mark' AND engine = 'Distributed'";
    if link.wire.number(over_shards)? > 0 {
        return Ok(()); // Only a shard itself deletes.
    }
    let marks = ("usage_mark", "level, number");
    let names =
        [("usage_label", "id"), ("usage_session", "id")].map(|(table, key)| (table, (table, key)));
    let by_marks = ["usage_sum", "usage_record", "usage_mark"].map(|table| (table, marks));
    for (table, (of, key)) in by_marks.into_iter().chain(names) {
        let latest = format!(
            "SELECT {key}, max(version) FROM {of} WHERE epoch = '{epoch}' AND version <= {version} GROUP BY {key}"
        );
        let sql = format!(
            "ALTER TABLE {table} DELETE WHERE epoch = '{epoch}' AND version <= {version} AND ({key}, version) NOT IN ({latest})"
        );
        link.wire.execute(&sql)?;
    }
    Ok(())
}
