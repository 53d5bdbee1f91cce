//! Everything that a record says is stored, compared, summed up and given back.

use usage_conformance::Events;
use usage_core::record::MAX_TELLINGS;
use usage_core::{Context, EventId, Filter, Measure, Record, TimeRange};
use usage_store::doctor::{self, Depth, examine};

use super::support::{Place, at, everything_said, records, scan, with_event};

/// Rows, rollups and the doctor agree, for each thing that can be said.
#[test]
fn what_was_said_comes_back() {
    let place = Place::new();
    let said = everything_said();
    let (one, all) = (place.open(), said.clone());
    one.insert_batch(&all).unwrap();
    let mut found = records(&one);
    found.reverse();
    assert_eq!(found, said);
    let rollups = one.report(TimeRange::ALL, &Filter::default()).unwrap();
    assert_eq!(rollups, scan(&one, TimeRange::ALL, &Filter::default()));
    let summary = rollups.summary();
    for measure in Measure::ALL {
        let sum: u64 = said.iter().map(|record| u64::from(record.counts().get(measure))).sum();
        assert_eq!(summary[measure], sum, "{measure}");
    }
    let costs = said.iter().filter_map(|record| record.counts().stated_cost());
    assert_eq!(summary.stated_cost, costs.fold(Default::default(), usage_core::Money::plus));
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    assert_eq!(doctor::rebuild(&one).unwrap().changed, 0);
    // And goes again without a trace.
    one.prune_records(at(1_000)).unwrap();
    assert!(one.report(TimeRange::ALL, &Filter::default()).unwrap().is_empty());
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// One record after the other, on a connection of one's own.
#[test]
fn a_connection_of_ones_own_stores_the_same() {
    let place = Place::new();
    let store = place.open();
    let connection = place.connection();
    let said = everything_said();
    for record in &said {
        usage_store::insert_record(&connection, record).unwrap();
    }
    let mut found = records(&store);
    found.reverse();
    assert_eq!(found, said);
}

/// Told of one event, all of it comes to one record, whatever is said in which order; and nothing is news twice.
#[test]
fn whatever_is_said_of_one_event_is_joined() {
    let place = Place::new();
    let store = place.open();
    let said: Vec<Record> = everything_said()
        .into_iter()
        .filter(|record| record.labels().names().get(usage_core::Label::Instance) == "i")
        .step_by(2)
        .zip(0..)
        .map(|(record, revision)| {
            // Of one revision they would contradict each other.
            let usage = record.counts().usage().with_revision(revision);
            with_event(record.with_counts(usage.try_into().unwrap()), "e")
        })
        .collect();
    assert!(said.len() <= MAX_TELLINGS);
    let mut first = Vec::new();
    for turn in 0..said.len() {
        store.delete_all_records().unwrap();
        let mut events = Events::default();
        for at in 0..said.len() {
            let batch = std::slice::from_ref(&said[(at + turn) % said.len()]);
            let outcome = store.insert_batch(batch).unwrap();
            assert_eq!(outcome, events.tell_all(batch), "{turn} {at}");
            assert_eq!(outcome.refused, []);
        }
        let found = records(&store);
        if first.is_empty() {
            first.clone_from(&found);
        }
        assert_eq!(found, first, "{turn}");
        assert_eq!(store.insert_batch(&said).unwrap().duplicates, said.len() as u64);
    }
    assert_eq!(first.len(), 1);
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// A session belongs to an instance, and tags to nobody: each is stored once.
#[test]
fn sessions_and_tags_are_stored_once() {
    let place = Place::new();
    let context = Context::new("s", [("team", "x")]).unwrap();
    let plain = &everything_said()[0];
    let record = |n: usize| {
        let event = EventId::new(format!("{n}")).unwrap();
        plain.clone().with_event_id(event).with_context(context.clone())
    };
    let count = |table: &str| -> i64 {
        let sql = format!("SELECT count(*) FROM {table}");
        place.connection().query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    // By two processes, of which each remembers what it has seen.
    let (one, other) = (place.open(), place.open());
    for n in 0..3 {
        one.insert_batch(&[record(n)]).unwrap();
        other.insert_batch(&[record(n + 10)]).unwrap();
    }
    assert_eq!((count("sessions"), count("tag_sets")), (1, 1));
    // One deletes what the other remembers.
    one.delete_all_records().unwrap();
    assert_eq!((count("sessions"), count("tag_sets")), (0, 0));
    other.insert_batch(&[record(50)]).unwrap();
    assert_eq!(records(&one), [record(50)]);
    // What nothing uses any more goes when rollups are made again.
    one.prune_records(at(1_000)).unwrap();
    doctor::rebuild(&one).unwrap();
    assert_eq!((count("sessions"), count("tag_sets")), (0, 0));
    other.insert_batch(&[record(60)]).ok();
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// Damage to what rows refer to is found by whoever reads it, and by the doctor.
#[test]
fn damaged_sessions_and_tags_are_found() {
    for sql in [
        "UPDATE sessions SET session_id = 's9' WHERE session_id = 's1'",
        "UPDATE sessions SET instance_id = 'k' WHERE instance_id = 'j'",
        "DELETE FROM sessions",
        "UPDATE tag_sets SET tags = tags || ' '",
        "UPDATE tag_sets SET checksum = 1",
        "DELETE FROM tag_sets",
        "UPDATE records SET session = NULL WHERE session IS NOT NULL",
        "UPDATE records SET session = 3 - session WHERE session < 3",
        "UPDATE records SET more = NULL WHERE more = x'0401'",
        "UPDATE records SET more = x'0402' WHERE more = x'0401'",
        "UPDATE records SET more = x'ff'  WHERE more = x'0401'",
    ] {
        let place = Place::new();
        place.open().insert_batch(&everything_said()).unwrap();
        assert!(place.connection().execute(sql, []).unwrap() > 0, "{sql}");
        let store = place.open();
        let filter = Filter::default();
        let error = store.records_by_period(TimeRange::ALL, &filter).find_map(Result::err);
        assert!(error.expect(sql).is_damage(), "{sql}");
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(!diagnosis.is_sound(), "{sql}");
    }
}
