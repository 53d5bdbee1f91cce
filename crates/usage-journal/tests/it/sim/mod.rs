//! A simulated machine: a disk and a ledger that fail, die, and lose what was not synced.

mod disk;
mod fault;
mod file;
mod flaw;
mod ledger;
mod world;

pub(crate) use disk::SimDisk;
pub(crate) use fault::{Fault, LedgerFault};
pub(crate) use flaw::Flaw;
pub(crate) use ledger::{Content, SimLedger, SimSink};

use usage_core::{
    Context, EventId, LabelNames, Labels, Money, Outcome, Record, Timestamp, TokenCounts, Usage,
};

/// SplitMix64: the same numbers for the same seed, everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn coin(&mut self) -> bool {
        self.next() & 1 == 0
    }

    /// From 0 up to and including `most`.
    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % (most as u64 + 1)).unwrap()
    }
}

/// The record with this number, by which it is known again.
pub(crate) fn record(number: u64) -> Record {
    const ROUTES: [&str; 3] = ["default", "think", "background"];
    let labels = Labels::new(
        LabelNames::new()
            .with_instance("i")
            .with_provider("p")
            .with_route(ROUTES[usize::try_from(number % 3).unwrap()])
            .with_model("m"),
    );
    let tokens = TokenCounts::new().with_input(number * 7 % 5_000);
    let when = Timestamp::from_micros(1_777_787_761_000_000 + i64::try_from(number).unwrap());
    let usage = Usage::new(tokens.with_output(number % 300), when);
    if number % 5 != 4 {
        return Record::new(labels.unwrap(), usage).unwrap();
    }
    // One in five says more.
    let usage = usage.with_outcome(Outcome::Error).with_revision(20);
    let usage = usage.with_stated_cost(Money::from_picos(number.into()));
    let session = format!("s{}", number / 10);
    Record::new(labels.unwrap(), usage)
        .unwrap()
        .with_event_id(EventId::new(format!("e{number}")).unwrap())
        .with_alias_id(EventId::new(format!("a{number}")).unwrap())
        .with_context(Context::new(&session, [("k", "v")]).unwrap())
}

/// The number of a record that is just as [`record`] made it.
pub(crate) fn number(read: &Record) -> Option<u64> {
    let number = u64::try_from(read.timestamp().as_micros() - 1_777_787_761_000_000).ok()?;
    (number < 1 << 40 && *read == record(number)).then_some(number)
}
