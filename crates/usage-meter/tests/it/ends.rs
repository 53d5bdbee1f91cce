//! The ways in which a request ends.

use usage_core::EventId;
use usage_meter::End;
use usage_providers::{Outcome, Quality};

use crate::common::{EVENTS, ID, Ledger, expected, names, told};

#[test]
fn a_request_is_recorded_once_however_it_ends_and_whenever() {
    for fed in 0..=EVENTS.len() {
        for end in [Some(End::Complete), Some(End::Failed), Some(End::Cancelled), None] {
            let ledger = Ledger::new();
            let mut meter = ledger.meter();
            EVENTS[..fed].iter().for_each(|event| meter.feed(event.as_bytes()));
            match end {
                Some(end) => drop(meter.finish(end).unwrap()),
                None => drop(meter),
            }
            assert_eq!(ledger.only(), expected(fed), "{fed} events, then {end:?}");
        }
    }
}

#[test]
fn whoever_leaves_before_the_last_counts_has_cancelled() {
    for (fed, outcome, quality) in [
        (1, Outcome::Cancelled, Quality::Partial),
        (2, Outcome::Cancelled, Quality::Partial),
        (3, Outcome::Ok, Quality::Reported),
        (4, Outcome::Ok, Quality::Reported),
    ] {
        let mut meter = Ledger::new().meter();
        EVENTS[..fed].iter().for_each(|event| meter.feed(event.as_bytes()));
        let recorded = meter.finish(End::Cancelled).unwrap();
        let part = &recorded[0].part;
        assert_eq!((part.outcome, part.quality), (outcome, quality), "after {fed} events");
    }
}

#[test]
fn a_panic_while_a_response_passes_records_it() {
    let ledger = Ledger::new();
    let mut meter = ledger.meter();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        meter.feed(EVENTS[0].as_bytes());
        panic!("of the test");
    }));
    assert!(panicked.is_err());
    assert_eq!(ledger.only(), expected(1));
}

#[test]
fn an_attempt_that_is_repeated_is_recorded_once() {
    let ledger = Ledger::new();
    let mut meter = ledger.meter();
    meter.feed(EVENTS[0].as_bytes());
    meter.retry();
    EVENTS.iter().for_each(|event| meter.feed(event.as_bytes()));
    let recorded = meter.finish(End::Complete).unwrap();
    assert_eq!(recorded[0].revision, 1);
    assert_eq!(ledger.only(), expected(4));
}

#[test]
fn an_attempt_that_fell_back_is_recorded_under_its_own_names() {
    let ledger = Ledger::new();
    let mut meter = ledger.meter();
    meter.feed(EVENTS[0].as_bytes());
    meter.fall_back(names().with_provider("openai").with_model("gpt-5")).unwrap();
    meter.fall_back(names().with_provider("azure").with_model("gpt-5")).unwrap();
    meter.feed(br#"{"id":"chatcmpl-9nKfAbPYlWRcNm3vbEVoJg","usage":{"prompt_tokens":4,"completion_tokens":2}}"#);
    meter.finish(End::Complete).unwrap();

    let records = ledger.records();
    let of = |at: usize| (told(&records[at]), records[at].labels().names());
    let answer = ("chatcmpl-9nKfAbPYlWRcNm3vbEVoJg".to_owned(), "gpt-5".to_owned(), [4, 0, 2, 2]);
    assert_eq!(of(0), (answer, names().with_provider("azure").with_model("gpt-5")));
    assert_eq!(of(1), (expected(1), names().with_model("claude-sonnet-5")));
    assert_eq!(records.len(), 2);
}

#[test]
fn names_that_no_record_may_have_are_refused_at_once() {
    let ledger = Ledger::new();
    let mut meter = ledger.meter();
    meter.feed(EVENTS[0].as_bytes());
    assert!(meter.fall_back(names().with_model("")).is_err());
    EVENTS[1..].iter().for_each(|event| meter.feed(event.as_bytes()));
    meter.finish(End::Complete).unwrap();
    assert_eq!(ledger.only(), expected(4), "the attempt went on");
}

#[test]
fn an_id_that_others_may_have_is_not_taken_for_one() {
    let response = |id: &str| {
        format!("{{\"id\":\"{id}\",\"usage\":{{\"prompt_tokens\":4,\"completion_tokens\":2}}}}")
    };
    for (own, given, expected) in [
        ("chatcmpl-123", None, ""),
        ("chatcmpl-123", Some("g-1"), "g-1"),
        ("", Some("g-1"), "g-1"),
        (ID, Some("g-1"), ID),
    ] {
        let ledger = Ledger::new();
        let mut meter = ledger.meter();
        if let Some(given) = given {
            meter = meter.with_id(EventId::new(given).unwrap());
        }
        meter.feed(response(own).as_bytes());
        meter.finish(End::Complete).unwrap();
        assert_eq!(ledger.only().0, expected, "{own:?}, {given:?}");
    }
}

#[test]
fn what_a_tracker_does_not_take_is_told() {
    let ledger = Ledger::new();
    let (finished, dropped) = (ledger.meter(), ledger.meter());
    let _ = ledger.tracker.shutdown(std::time::Duration::from_secs(60));
    assert!(finished.finish(End::Complete).is_err());
    drop(dropped);
    assert_eq!(ledger.tracker.stats().returned, 2);
}
