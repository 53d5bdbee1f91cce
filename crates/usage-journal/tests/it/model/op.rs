//! The operations that a machine goes through.

use std::io::ErrorKind;

use proptest::collection::vec;
use proptest::prelude::*;

use crate::sim::{Fault, LedgerFault};

/// The most processes that have a journal at once.
pub(super) const PROCESSES: usize = 2;

#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// A process starts: replays what others left, and makes its journal.
    Start(usize),
    /// It appends so many new records, and publishes them or not.
    Append {
        process: usize,
        count: u64,
        publish: bool,
    },
    /// It stores what was published, in so many batches at most.
    Store {
        process: usize,
        max: usize,
        batches: u32,
    },
    Recycle(usize),
    /// It ends in order.
    Close(usize),
    /// It ends at once.
    Kill(usize),
    PowerLoss(u64),
    /// Somebody else replays; another one, or one of the processes, gets in between after so many
    /// batches; and it may be stopped.
    Replay {
        max: usize,
        between: Between,
        stop: Option<u32>,
    },
    Survey,
    /// Somebody copies the ledger.
    Copy,
    /// Somebody puts the copy in its place.
    Restore,
    /// After so many operations on the disk, this goes wrong.
    DiskFault(u32, Fault),
    /// After so many calls of the ledger, this goes wrong.
    LedgerFault(u32, LedgerFault),
    /// There is space on the disk again, or none any more.
    Space(bool),
    /// All end, everything works again, and what they left is replayed.
    Rest,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Between {
    Nobody,
    Replayer(u32),
    Process(u32),
}

fn process() -> impl Strategy<Value = usize> {
    // Most things happen to one: both at once is rarer.
    prop_oneof![4 => Just(0), 1 => Just(1)]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        3 => Just(Fault::Death),
        2 => Just(Fault::Error(ErrorKind::Other)),
        1 => Just(Fault::Error(ErrorKind::StorageFull)),
        1 => Just(Fault::Short),
    ]
}

/// Returns operations of an undisturbed machine, often enough to go round through all segments.
fn work() -> impl Strategy<Value = Op> {
    let count = prop_oneof![1 => 1..12_u64, 1 => 30..90_u64];
    let append =
        (Just(0), count).prop_map(|(process, count)| Op::Append { process, count, publish: true });
    let store =
        (Just(0), 30..200_usize).prop_map(|(process, max)| Op::Store { process, max, batches: 20 });
    prop_oneof![1 => Just(Op::Start(0)), 4 => append, 3 => store, 3 => Just(Op::Recycle(0))]
}

fn op() -> impl Strategy<Value = Op> {
    let count = prop_oneof![4 => 1..12_u64, 1 => 30..90_u64];
    let max = prop_oneof![Just(1_usize), 2..12_usize, Just(100)];
    let between = prop_oneof![
        2 => Just(Between::Nobody),
        1 => (0..4_u32).prop_map(Between::Replayer),
        1 => (0..4_u32).prop_map(Between::Process),
    ];
    let ledger_fault = prop_oneof![Just(LedgerFault::Before), Just(LedgerFault::After)];
    prop_oneof![
        6 => process().prop_map(Op::Start),
        16 => (process(), count, prop::bool::weighted(0.8))
            .prop_map(|(process, count, publish)| Op::Append { process, count, publish }),
        12 => (process(), max.clone(), 1..30_u32)
            .prop_map(|(process, max, batches)| Op::Store { process, max, batches }),
        6 => process().prop_map(Op::Recycle),
        2 => process().prop_map(Op::Close),
        3 => process().prop_map(Op::Kill),
        3 => any::<u64>().prop_map(Op::PowerLoss),
        3 => (max, between, prop::option::weighted(0.2, 1..4_u32))
            .prop_map(|(max, between, stop)| Op::Replay { max, between, stop }),
        1 => Just(Op::Survey),
        1 => Just(Op::Copy),
        1 => Just(Op::Restore),
        5 => (0..25_u32, fault()).prop_map(|(after, fault)| Op::DiskFault(after, fault)),
        4 => (0..6_u32, ledger_fault).prop_map(|(after, fault)| Op::LedgerFault(after, fault)),
        1 => prop::bool::weighted(0.6).prop_map(Op::Space),
        2 => Just(Op::Rest),
    ]
}

/// A history of a machine, and whether its journals sync what they append.
pub(super) fn history() -> impl Strategy<Value = (bool, Vec<Op>)> {
    let calm = prop_oneof![9 => work().boxed(), 1 => op().boxed()];
    let ops = prop_oneof![vec(op(), 1..70), vec(calm, 20..90)];
    (prop::bool::weighted(0.5), ops)
}
