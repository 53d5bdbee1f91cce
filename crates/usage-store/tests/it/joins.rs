//! Events told more than once, and what else a ledger does with their records.

use usage_core::sink::{BatchOutcome, RefusalReason};
use usage_core::{EventId, Filter, Measure, Quality, Record, TimeRange, TokenCounts, Usage};
use usage_store::doctor::{self, Depth, examine};
use usage_store::{AcrossInstances, Append, Appended, Known, SourceCounts, Store};

use super::support::{Place, at, labels, record, record_of, records, scan, stored, with_event};

/// A quarter of an hour.
const QUARTER: i64 = 15 * 60 * 1_000_000;

fn telling(micros: i64, output: u64, quality: Quality, event_id: &str) -> Record {
    let tokens = TokenCounts::new().with_input(8).with_output(output);
    let usage = Usage::new(tokens, at(micros)).with_quality(quality);
    with_event(Record::new(labels(["i", "p", "v", "r", "m"]), usage).unwrap(), event_id)
}

fn also(record: Record, alias: &str) -> Record {
    record.with_alias_id(EventId::new(alias).unwrap())
}

fn count(place: &Place, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    place.connection().query_row(&sql, [], |row| row.get(0)).unwrap()
}

fn assert_sound(place: &Place, store: &Store) {
    let diagnosis = examine(&place.path, Depth::Full).unwrap();
    assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    let everything = Filter::default();
    let report = store.report(TimeRange::ALL, &everything).unwrap();
    assert_eq!(report, scan(store, TimeRange::ALL, &everything));
}

fn amended(count: u64) -> BatchOutcome {
    BatchOutcome::default().with_amended(count)
}

/// A row that was told in two ways, of which the ledger keeps both.
fn told_twice() -> (Place, Store) {
    let place = Place::new();
    let store = place.open();
    let partial = also(telling(5, 6, Quality::Partial, "msg"), "req");
    store.insert_batch(&[partial]).unwrap();
    let full = telling(9, 215, Quality::Reported, "req");
    assert_eq!(store.insert_batch(&[full]).unwrap(), amended(1));
    assert_eq!(count(&place, "tellings"), 2);
    (place, store)
}

#[test]
fn an_amended_record_is_a_new_row_with_a_trail() {
    let (place, store) = told_twice();
    let [row] = stored(&store).try_into().unwrap();
    assert_eq!((row.id, row.record.counts().get(Measure::Output)), (2, 215));
    let trail = place
        .connection()
        .query_row("SELECT ts, id, was FROM amendments", [], |row| {
            Ok([row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?])
        })
        .unwrap();
    assert_eq!(trail, [5, 2, 1]);
    assert_sound(&place, &store);
    let copy = Place::new();
    store.backup(&copy.path).unwrap();
    assert_eq!(records(&copy.open()), records(&store));
    assert_eq!(count(&copy, "tellings"), 2);
    // All of it goes with the row.
    store.insert_batch(&[record(2 * QUARTER, 1)]).unwrap();
    store.prune_records(at(QUARTER)).unwrap();
    assert_eq!(["tellings", "amendments", "event_ids"].map(|table| count(&place, table)), [0; 3]);
    assert_sound(&place, &store);
}

/// Checks that tellings that are inserted into another ledger come to the same there, under every id: a record states two
/// of them at most.
#[test]
fn tellings_come_to_the_same_in_another_ledger() {
    let (place, store) = told_twice();
    let third = also(telling(12, 3, Quality::Estimated, "req"), "trace");
    assert_eq!(store.insert_batch(&[third, record(1, 1)]).unwrap().amended, 1);
    assert_eq!(count(&place, "event_ids"), 3);
    let copy = Place::new();
    let copied = copy.open();
    for stored in stored(&store) {
        copied.insert_batch(&store.tellings(&stored).unwrap()).unwrap();
    }
    assert_eq!(records(&copied), records(&store));
    assert_eq!(count(&copy, "event_ids"), 3);
    for id in ["msg", "req", "trace"] {
        let again = telling(5, 6, Quality::Partial, id);
        assert_eq!(copied.insert_batch(&[again]).unwrap().duplicates, 1, "{id}");
    }
    assert_sound(&copy, &copied);
}

#[test]
fn an_alias_makes_two_records_one() {
    let place = Place::new();
    let store = place.open();
    let [one, other] = [(1, "msg"), (QUARTER * 200, "req")]
        .map(|(micros, id)| telling(micros, 1, Quality::Estimated, id));
    let link = also(telling(7, 2, Quality::Estimated, "msg"), "req");
    assert_eq!(store.insert_batch(&[one.clone(), other.clone()]).unwrap(), BatchOutcome::stored(2));
    assert_eq!(store.insert_batch(std::slice::from_ref(&link)).unwrap(), amended(1));
    let [joined] = records(&store).try_into().unwrap();
    assert_eq!((joined.timestamp(), joined.counts().get(Measure::Output)), (at(1), 2));
    assert_eq!(count(&place, "amendments"), 2);
    assert_sound(&place, &store);
    // In one batch they never were two.
    store.delete_all_records().unwrap();
    let outcome = store.insert_batch(&[one, other, link]).unwrap();
    assert_eq!(outcome, BatchOutcome::stored(2).with_amended(1));
    assert_eq!(records(&store), [joined]);
    assert_sound(&place, &store);
}

/// Two that contradict each other cannot be one: what says so is refused, and both stay.
#[test]
fn records_that_contradict_each_other_are_not_linked() {
    let place = Place::new();
    let store = place.open();
    let rows =
        [("msg", 1), ("req", 2)].map(|(id, output)| telling(1, output, Quality::Reported, id));
    store.insert_batch(&rows).unwrap();
    let link = also(telling(1, 1, Quality::Partial, "msg"), "req");
    let refused = store.insert_batch(&[link]).unwrap().refused;
    assert_eq!(refused[0].reason, RefusalReason::EventIdConflict);
    assert_eq!(refused[0].conflict.unwrap().to_string(), "output_tokens is known to be 1, not 2");
    assert_eq!(records(&store).len(), 2);
    assert_sound(&place, &store);
}

/// Damage to what was told is named, and a rebuild forgets it: the rows say what it came to.
#[test]
fn damaged_tellings_are_found_and_forgotten() {
    for (sql, wrong) in [
        ("INSERT INTO tellings VALUES (5, 99, 0, '{}')", 1),
        ("UPDATE tellings SET content = 'x' WHERE number = 0", 1),
        ("UPDATE tellings SET content = replace(content, ':215', ':216')", 1),
        // The row has both ids.
        ("DELETE FROM event_ids", 2),
    ] {
        let (place, store) = told_twice();
        let before = records(&store);
        assert!(place.connection().execute(sql, []).unwrap() > 0, "{sql}");
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        let found: u64 = diagnosis.checks.iter().map(doctor::Check::wrong).sum();
        assert_eq!(found, wrong, "{sql}: {diagnosis:#?}");
        assert_eq!(doctor::rebuild(&store).unwrap().event_ids, wrong, "{sql}");
        assert_sound(&place, &store);
        assert_eq!(records(&store), before);
        // It is known still.
        let again = telling(9, 215, Quality::Reported, "req");
        assert_eq!(store.insert_batch(&[again]).unwrap().duplicates, 1, "{sql}");
        assert_sound(&place, &store);
    }
}

/// A telling that nobody can read any more is not lost with the next one.
#[test]
fn what_came_of_an_unreadable_telling_stays() {
    let (place, store) = told_twice();
    place.connection().execute("UPDATE tellings SET content = 'x' WHERE number = 0", []).unwrap();
    let late = telling(1, 1, Quality::Estimated, "msg");
    assert_eq!(store.insert_batch(&[late]).unwrap(), amended(1));
    let [row] = records(&store).try_into().unwrap();
    assert_eq!((row.timestamp(), row.counts().get(Measure::Output)), (at(1), 215));
    assert_sound(&place, &store);
}

/// Checks that what comes before the horizon is quarantined, and joins once it is let in.
#[test]
fn a_quarantined_telling_joins() {
    let place = Place::new();
    let store = place.open();
    let late = telling(3 * QUARTER, 6, Quality::Partial, "e");
    store.insert_batch(&[record(1, 1), late]).unwrap();
    store.prune_records(at(QUARTER)).unwrap();
    let early = telling(QUARTER - 1, 215, Quality::Reported, "e");
    let refused = store.insert_batch(&[early]).unwrap().refused;
    assert_eq!(refused[0].reason, RefusalReason::BeforeHorizon);
    store.retention().reset_horizon(None).unwrap();
    let retried = store.quarantine().retry().unwrap();
    assert_eq!((retried.stored, retried.amended, retried.kept), (0, 1, 0));
    assert_eq!(store.quarantine().size().unwrap().records, 0);
    assert_eq!(records(&store)[0].counts().get(Measure::Output), 215);
    assert_sound(&place, &store);
}

/// Checks that a record that was not stored is judged anew where it comes again in a batch and its event has been stored
/// in between.
#[test]
fn what_comes_again_in_a_batch_is_told_of_what_came_between() {
    let (place, across) = (Place::new(), Place::new());
    let (store, of_others) = (place.open(), across.open());
    store.insert_batch(&[record(1, 1), record(2 * QUARTER, 1)]).unwrap();
    store.prune_records(at(QUARTER)).unwrap();
    // Of its time nobody knows more than that it had arrived.
    let arrived = telling(1, 5, Quality::Reported, "e");
    let mut usage = arrived.counts().usage();
    usage.is_time_stated = false;
    let arrived = arrived.clone().with_counts(usage.try_into().unwrap());
    let stated = telling(3 * QUARTER, 5, Quality::Reported, "e");
    let batch = [arrived.clone(), arrived.clone(), stated.clone(), arrived.clone(), arrived];
    let outcome = store.insert_batch(&batch).unwrap();
    let refused: Vec<_> = outcome.refused.iter().map(|of| of.index).collect();
    assert_eq!((outcome.stored, outcome.duplicates, refused), (1, 2, vec![0, 1]));
    assert_sound(&place, &store);

    let of = |instance, id| with_event(record_of([instance, "p", "v", "r", "m"], 1, 1), id);
    of_others.set_across_instances(AcrossInstances::First).unwrap();
    of_others.insert_batch(&[of("a", "e")]).unwrap();
    // Once another id says that it is the event that was stored, it contradicts that.
    let other = with_event(record_of(["b", "p", "v", "r", "m"], 1, 2), "e");
    let linked = also(of("b", "f"), "e");
    let batch = [other.clone(), of("b", "f"), linked, other.clone(), other];
    let outcome = of_others.insert_batch(&batch).unwrap();
    let refused: Vec<_> = outcome.refused.iter().map(|of| (of.index, of.reason)).collect();
    assert_eq!((outcome.stored, outcome.amended, outcome.duplicates), (1, 1, 1));
    let conflict = RefusalReason::EventIdConflict;
    assert_eq!(refused, [(3, conflict), (4, conflict)]);
    assert_eq!(count(&across, "event_ids"), 3);
    assert_sound(&across, &of_others);
}

/// A record that the database itself refuses amends nothing, and counts nowhere.
#[test]
fn an_amendment_that_a_trigger_refuses() {
    let place = Place::new();
    let store = place.open();
    let partial = telling(5, 6, Quality::Partial, "e");
    store.insert_batch(std::slice::from_ref(&partial)).unwrap();
    for table in ["records", "event_ids"] {
        let trigger = format!(
            "CREATE TRIGGER t AFTER INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'no') WHERE NEW.ts = 4; END"
        );
        place.connection().execute_batch(&trigger).unwrap();
        let full = telling(4, 215, Quality::Reported, "e");
        let new = telling(4, 3, Quality::Reported, table);
        let outcome = store.insert_batch(&[record(7, 1), full, new, record(8, 1)]).unwrap();
        let refused: Vec<_> = outcome.refused.iter().map(|of| (of.index, of.reason)).collect();
        let quarantined = RefusalReason::ByDatabase;
        assert_eq!(
            (outcome.stored, outcome.amended, refused),
            (2, 0, vec![(1, quarantined), (2, quarantined)])
        );
        assert!(records(&store).contains(&partial));
        place.connection().execute_batch("DROP TRIGGER t").unwrap();
        assert_sound(&place, &store);
    }
}

/// A source counts what it told more of apart from what it told again.
#[test]
fn a_source_counts_what_it_amended() {
    let place = Place::new();
    let store = place.open();
    let partial = telling(5, 6, Quality::Partial, "e");
    let full = telling(5, 215, Quality::Reported, "e");
    let append = Append {
        source: "file:log",
        from: None,
        to: b"1",
        counts: SourceCounts::default(),
        records: &[partial.clone(), full, partial, record(1, 1)],
        known: Known::ByEventId,
    };
    let Appended::Stored(outcome, source) = store.append(&append).unwrap() else { panic!() };
    assert_eq!(outcome, BatchOutcome::stored(2).with_amended(1).with_duplicates(1));
    let counts = SourceCounts { stored: 2, amended: 1, duplicates: 1, refused: 0 };
    assert_eq!(source.counts, counts);
    assert_eq!(store.source("file:log").unwrap().unwrap().counts, counts);
}

#[test]
fn an_event_of_two_instances() {
    let place = Place::new();
    let store = place.open();
    let of = |instance, id| with_event(record_of([instance, "p", "v", "r", "m"], 1, 1), id);
    let elsewhere = || {
        let rollups = store.report(TimeRange::ALL, &Filter::default()).unwrap();
        rollups.summary()[Measure::Elsewhere]
    };
    assert_eq!(store.insert_batch(&[of("a", "e"), of("b", "e")]).unwrap().stored, 2);
    assert_eq!(elsewhere(), 1, "the later one");
    assert_eq!(store.insert_batch(&[of("c", "e"), of("a", "e")]).unwrap().stored, 1);
    assert_eq!(elsewhere(), 2);
    assert_sound(&place, &store);
    store.set_across_instances(AcrossInstances::First).unwrap();
    let batch = [of("d", "e"), of("a", "f"), of("b", "f"), of("b", "f")];
    let outcome = store.insert_batch(&batch).unwrap();
    assert_eq!(outcome, BatchOutcome::stored(1).with_duplicates(3));
    assert_eq!(place.open().across_instances().unwrap(), AcrossInstances::First);
    store.set_across_instances(AcrossInstances::Keep).unwrap();
    assert_eq!(store.insert_batch(&batch).unwrap(), BatchOutcome::stored(2).with_duplicates(2));
    assert_eq!(elsewhere(), 4);
    assert_sound(&place, &store);
}
