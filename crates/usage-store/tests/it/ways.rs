//! Sessions of which telemetry and logs tell without an id that both share.

use usage_core::record::{Way, line};
use usage_core::{Filter, LabelInterner, Record, TimeRange, Timestamp};
use usage_store::Reconciled;
use usage_store::doctor::{Depth, examine};

use super::support::Place;

/// A request as a way tells of it.
fn told(instance: &str, session: &str, revision: u32, id: &str, tokens: u32) -> Record {
    let text = format!(
        r#"{{"instance_id":"{instance}","route":"main","model":"m","session_id":"{session}",
        "input_tokens":{tokens},"revision":{revision},"timestamp":"2026-11-28T11:26:31Z",
        "event_id":"{id}"}}"#
    );
    let text = text.replace('\n', "");
    line::parse(text.as_bytes(), Timestamp::MIN_RECORD, &mut LabelInterner::new(9)).unwrap()
}

fn requests_and_tokens(place: &Place) -> (u64, u64) {
    let report = place.open().report(TimeRange::ALL, &Filter::new());
    let summary = report.unwrap().summary();
    (summary.requests, summary.tokens())
}

#[test]
fn a_session_is_of_the_way_that_told_it_first() {
    for (first, second, way) in [(30, 10, Way::Logs), (10, 30, Way::Telemetry), (20, 8, Way::Logs)]
    {
        let place = Place::new();
        let of = |revision: u32, id: &str, tokens| told("codex", "s", revision, id, tokens);
        let batch = [of(first, "a1", 100), of(first, "a2", 50)];
        assert_eq!(place.open().insert_batch(&batch).unwrap().stored, 2);
        let again = [of(second, "b1", 100), of(second, "b2", 60), of(second, "b3", 7)];
        // However often, and in whatever pieces.
        for batch in [&again[..1], &again, &again[1..], &again] {
            let outcome = place.open().insert_batch(batch).unwrap();
            assert_eq!((outcome.stored, outcome.duplicates), (0, batch.len() as u64));
        }
        assert_eq!(requests_and_tokens(&place), (2, 150));
        let [
            Reconciled {
                way: by, sessions, requests, tokens, beyond_tokens, lacking_tokens, ..
            },
        ] = place.open().reconciled().unwrap()[..]
        else {
            panic!("it is of one instance and one way")
        };
        assert_eq!((by, sessions, requests, tokens), (way, 1, 3, 167));
        assert_eq!((beyond_tokens, lacking_tokens), (17, 0));
        // The first way goes on.
        let batch = [of(first, "a3", 30), of(second, "b4", 1), of(first, "a3", 30)];
        let outcome = place.open().insert_batch(&batch).unwrap();
        assert_eq!((outcome.stored, outcome.duplicates), (1, 2));
        let [of_now] = &place.open().reconciled().unwrap()[..] else { panic!() };
        assert_eq!((of_now.beyond_tokens, of_now.lacking_tokens), (0, 12));
        assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    }
}

#[test]
fn both_ways_in_one_batch_are_told_apart_as_well() {
    let place = Place::new();
    let batch: Vec<_> = (0..40)
        .map(|at| {
            let revision = if at % 2 == 0 { 30 } else { 10 };
            told("gemini-cli", "s", revision, &format!("e{at}"), 10)
        })
        .collect();
    let outcome = place.open().insert_batch(&batch).unwrap();
    assert_eq!((outcome.stored, outcome.duplicates), (20, 20));
    assert_eq!(requests_and_tokens(&place), (20, 200));
}

#[test]
fn others_share_ids_or_say_nothing_of_a_session() {
    for (instance, session, revisions) in [
        ("claude-code", "s", [30, 10]),
        ("codex", "", [30, 10]),
        // Record lines are whose they say they are.
        ("codex", "s", [30, 0]),
        ("codex", "s", [30, 20]),
    ] {
        let place = Place::new();
        for (revision, id) in revisions.into_iter().zip(["a", "b"]) {
            let record = told(instance, session, revision, id, 10);
            place.open().insert_batch(&[record]).unwrap();
        }
        assert_eq!(requests_and_tokens(&place), (2, 20), "{instance} {session} {revisions:?}");
        assert_eq!(place.open().reconciled().unwrap(), []);
    }
}
