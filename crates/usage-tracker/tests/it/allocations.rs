//! The allocations of a recording thread.

use allocation_counter::measure;
use usage_core::{Context, LabelNames, Labels, TokenCounts};
use usage_tracker::{Handle, RejectReason, Tracker};

use crate::common::{Answer, LONG, record, scripted, until};

#[test]
fn a_handle_allocates_nothing_once_the_channel_has_been_full() {
    allocates_nothing(|handle| handle);
}

#[test]
fn a_handle_of_a_session_allocates_nothing_either() {
    allocates_nothing(|handle| {
        let context = Context::new("", [("team", "search")]).unwrap();
        handle.with_context(context).with_session("4f6e").unwrap()
    });
}

fn allocates_nothing(prepared: impl FnOnce(Handle) -> Handle) {
    const CAPACITY: usize = 1_024;
    let (sink, script) = scripted();
    let tracker = Tracker::builder().buffer_size(1).channel_capacity(CAPACITY).start(sink).unwrap();
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let handle = prepared(tracker.handle(Labels::new(names).unwrap()));

    // The writer is busy in the sink while the channel fills.
    tracker.record(record(0)).unwrap();
    assert_eq!(script.batch(), [0]);
    let tokens = TokenCounts::unclassified(1);
    while handle.record(tokens).is_ok() {}
    let rejected = tracker.record(record(0)).unwrap_err();
    assert_eq!(rejected.reason(), RejectReason::Full);
    script.answer(Answer::Store);
    until("all of it is stored", || {
        if script.try_batch().is_some() {
            script.answer(Answer::Store);
        }
        tracker.stats().pending == 0
    });

    assert_eq!(allocations(&handle, tokens, CAPACITY), 0);
    drop(script);
    assert!(tracker.shutdown(LONG).is_clean());
}

fn allocations(handle: &Handle, tokens: TokenCounts, count: usize) -> u64 {
    let mut refused = 0;
    let info = measure(|| {
        for _ in 0..count {
            refused += u32::from(handle.record(tokens).is_err());
        }
    });
    assert_eq!(refused, 0);
    info.count_total
}

#[test]
fn the_measure_sees_an_allocation() {
    assert_eq!(measure(|| drop(std::hint::black_box(Box::new(1)))).count_total, 1);
}
