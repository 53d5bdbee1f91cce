//! From a ledger to an engine, at least once, and exact there.
//!
//! A pass: look at one state of the ledger, compare its checksums with the marks that the engine has; note a new version
//! in the ledger, on its disk; send what differs under that version; count it there; send its marks; and when nothing is
//! left say in one row up to which version the epoch counts. A pass that breaks off anywhere has changed no answer, and
//! the next one sends what is missing under another version.

use std::collections::BTreeSet;

use usage_store::Store;
use usage_store::shipped::{Known, StretchLevel};

use crate::error::ShipError;
use crate::schema;
use crate::wire::{Dialect, Target, Wire, parsed};

mod head;
mod send;
mod tidy;

pub(crate) use head::{Head, Ledger, ledgers};

const PASS_SIZE: usize = 50_000;

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
    /// The sums and records that a pass sends about, each a row of some 200 bytes; 0 for 50,000. A pass is what is sent
    /// again when it broke off.
    pub pass_size: usize,
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
    /// The version with which all names were sent last.
    names_from: u64,
    /// What has marks there that later ones have taken the place of.
    superseded: BTreeSet<(StretchLevel, i64)>,
    /// The sessions of which that may hold as well; `None`: all of them, as long as nobody has looked.
    sessions: Option<BTreeSet<i64>>,
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
        let (known, superseded) = known(&mut *wire, &epoch, found.as_ref())?;
        let head = found.map(|ledger| ledger.head);
        let names_from = head.as_ref().map_or(0, |head| head.names_from);
        Ok(Link { wire, known, head, version, epoch, names_from, superseded, sessions: None })
    }

    /// Returns whether there may be more.
    fn pass(&self, link: &mut Link, shipped: &mut Shipped) -> Result<bool, ShipError> {
        let with_records = self.options.with_records
            || link.known.checksums.keys().any(|(level, _)| *level == StretchLevel::Records);
        let most = if self.options.pass_size == 0 { PASS_SIZE } else { self.options.pass_size };
        let changes = self.store.changes_from(&link.known, with_records, most)?;
        if changes.head.epoch != link.epoch {
            return Err(ShipError::Taken);
        }
        let mut head = Head::of(&changes.head, link.names_from);
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
        if link.known.label_sets.0 != changes.head.label_sets.0 {
            (link.names_from, head.names_from) = (version, version);
        }
        send::send(self.store, link, &changes, version)?;
        for stretch in &changes.stretches {
            let key = (stretch.level, stretch.number);
            if link.known.checksums.insert(key, stretch.checksum).is_some() {
                link.superseded.insert(key);
            }
        }
        link.known.label_sets = changes.head.label_sets;
        if !changes.has_more {
            head::put(&mut *link.wire, &link.epoch, version, true, &self.options.name, &head)?;
            let are_names_gone =
                link.head.as_ref().is_some_and(|of| of.names_from != head.names_from);
            link.head = Some(head);
            // Not before: until then what is superseded is what counts.
            if is_postgres {
                tidy::within(link, are_names_gone)?;
            } else if are_names_gone || link.superseded.len() >= TIDY_AFTER {
                tidy::behind(link, version)?;
            }
        }
        if is_postgres {
            link.wire.execute("COMMIT")?;
        }
        shipped.passes += 1;
        shipped.stretches += changes.stretches.len() as u64;
        shipped.sums += changes.stretches.iter().map(|of| of.sums.len() as u64).sum::<u64>();
        shipped.records += changes.stretches.iter().map(|of| of.records.len() as u64).sum::<u64>();
        Ok(true)
    }
}

/// The stretches with superseded marks after which what these name is deleted, where that costs a rewrite of whole parts.
const TIDY_AFTER: usize = 320;

/// The greatest version of an epoch there, counted or not.
fn greatest(wire: &mut dyn Wire, epoch: &str) -> Result<u64, ShipError> {
    let of = |table: &str| {
        format!("SELECT coalesce(max(version), 0) FROM {table} WHERE epoch = '{epoch}'")
    };
    Ok(wire.number(&of("usage_mark"))?.max(wire.number(&of("usage_ledger"))?))
}

/// The marks that the engine has of an epoch: those that were sent last, counted or not; and
/// of which there are others.
fn known(
    wire: &mut dyn Wire,
    epoch: &str,
    ledger: Option<&Ledger>,
) -> Result<(Known, BTreeSet<(StretchLevel, i64)>), ShipError> {
    let mut known =
        Known { label_sets: ledger.map_or((0, 0), |of| of.head.label_sets), ..Known::default() };
    let sql = format!(
        "SELECT level, number, version, checksum FROM usage_mark WHERE epoch = '{epoch}' ORDER BY level, number, version"
    );
    let mut superseded = BTreeSet::new();
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
        let key = (level, parsed(number)?);
        if known.checksums.insert(key, parsed(checksum)?).is_some() {
            superseded.insert(key);
        }
    }
    Ok((known, superseded))
}
