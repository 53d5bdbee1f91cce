//! Whatever a record says, it says at the end of every way through the tracker.

use std::time::Duration;

use usage_core::Error;
use usage_core::sink::{BatchOutcome, Sink};
use usage_core::{
    Context, EventId, LabelNames, Labels, Money, Outcome, Quality, Record, TokenCounts, Usage,
};
use usage_tracker::{Handle, HandleError, RejectReason, Tracker};

use crate::common::{Answer, LONG, manual_clock, record, scripted, until};
use crate::journal::Memory;

fn context() -> Context {
    Context::new("4f6e", [("team", "search"), ("env", "prod")]).unwrap()
}

fn handle(tracker: &Tracker) -> Handle {
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let names = names.with_tier("batch").with_project("ledger").with_user("u");
    tracker.handle(Labels::new(names).unwrap()).with_context(context())
}

fn usage(handle: &Handle) -> Usage {
    let tokens = TokenCounts::new().with_output(7).with_cache_write(9).with_cache_write_long(3);
    let mut usage = Usage::new(tokens, handle.now())
        .with_web_searches(2)
        .with_outcome(Outcome::Cancelled)
        .with_quality(Quality::Partial)
        .with_revision(20)
        .with_stated_cost(Money::from_picos(1_234_567));
    (usage.is_inconsistent, usage.is_time_stated) = (true, false);
    usage
}

fn ids() -> [EventId; 2] {
    ["msg_1", "req_1"].map(|id| EventId::new(id).unwrap())
}

/// Records by every way of a handle that takes usage.
fn record_all(handle: &Handle) {
    let ([event_id, alias_id], usage) = (ids(), usage(handle));
    handle.record_usage(usage).unwrap();
    handle.record_event(event_id.clone(), usage).unwrap();
    handle.record_event_with_alias(event_id, alias_id, usage).unwrap();
}

/// Returns the records that have to come of it.
fn expected(handle: &Handle) -> [Record; 3] {
    let [event_id, alias_id] = ids();
    let record = Record::new(handle.labels().clone(), usage(handle)).unwrap();
    let record = record.with_context(context());
    let event = record.clone().with_event_id(event_id);
    [record, event.clone(), event.with_alias_id(alias_id)]
}

#[test]
fn through_the_journal_into_the_sink() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::in_folder(folder.path().join("journal"));
    let tracker = Tracker::builder().clock(manual_clock()).start(memory.clone()).unwrap();
    let handle = handle(&tracker);
    record_all(&handle);
    assert!(tracker.shutdown(LONG).is_clean());
    assert_eq!(memory.records(), expected(&handle));
}

#[test]
fn through_the_journal_of_a_tracker_that_stored_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let memory = Memory::in_folder(folder.path().join("journal"));
    memory.no_replays(true);
    let tracker = Tracker::builder().clock(manual_clock()).start(memory.clone()).unwrap();
    let handle = handle(&tracker);
    record_all(&handle);
    tracker.flush_to_journal(LONG).unwrap();
    // Left in the journal, for whoever is next.
    drop(tracker.shutdown(Duration::from_millis(10)));
    until("its threads are gone", || tracker.shutdown(Duration::from_millis(10)).finished);
    drop(tracker);
    assert_eq!(memory.records(), []);
    memory.no_replays(false);
    let next = Tracker::builder().start(memory.clone()).unwrap();
    until("it has stored what was left", || memory.records().len() == 3);
    drop(next);
    assert_eq!(memory.records(), expected(&handle));
}

#[test]
fn back_from_a_shutdown() {
    struct Broken;
    impl Sink for Broken {
        fn store(&mut self, _: &[Record]) -> Result<BatchOutcome, Error> {
            Err(Error::other("disk full"))
        }
    }
    let tracker = Tracker::builder().clock(manual_clock()).start(Broken).unwrap();
    let handle = handle(&tracker);
    record_all(&handle);
    let mut unstored = Vec::new();
    until("the writer has stopped", || {
        let report = tracker.shutdown(Duration::from_millis(10));
        unstored.extend(report.unstored);
        report.finished
    });
    assert_eq!(unstored, expected(&handle));
    // And from a tracker that is shut down.
    let [event_id, alias_id] = ids();
    let usage = usage(&handle);
    let back = [
        handle.record_usage(usage),
        handle.record_event(event_id.clone(), usage),
        handle.record_event_with_alias(event_id, alias_id, usage),
    ]
    .map(|result| match result.unwrap_err() {
        HandleError::Rejected(rejected) => rejected.into_record(),
        error => panic!("{error}"),
    });
    assert_eq!(back, expected(&handle));
}

#[test]
fn back_from_a_full_channel() {
    let (sink, teller) = scripted();
    let builder = Tracker::builder().clock(manual_clock()).channel_capacity(1).buffer_size(1);
    let tracker = builder.max_batch(1).start(sink).unwrap();
    tracker.record(record(0)).unwrap();
    assert_eq!(teller.batch(), [0]);
    tracker.record(record(1)).unwrap();
    let handle = handle(&tracker);
    let HandleError::Rejected(rejected) = handle.record_usage(usage(&handle)).unwrap_err() else {
        panic!("it is a record");
    };
    assert_eq!(rejected.reason(), RejectReason::Full);
    assert_eq!(rejected.into_record(), expected(&handle)[0]);
    teller.answer(Answer::Store);
    drop(teller);
    assert!(tracker.shutdown(LONG).is_clean());
}

#[test]
fn a_session_keeps_the_tags_and_the_names() {
    let (sink, teller) = scripted();
    let tracker = Tracker::builder().start(sink).unwrap();
    let handle = handle(&tracker);
    let other = handle.with_session("other").unwrap();
    assert!(other.labels().is_same_allocation(handle.labels()));
    assert_eq!(other.context().session_id(), "other");
    assert!(other.context().tags().eq(handle.context().tags()));
    assert_eq!(handle.with_session("").unwrap().context().session_id(), "");
    assert!(other.with_context(Context::NONE).context().is_none());
    assert!(handle.with_session(&"x".repeat(257)).is_err());
    drop(teller);
    assert!(tracker.shutdown(LONG).is_clean());
}
