//! Ledgers of earlier versions go on as ones of today: what they held adds up as before, with all that records
//! say now beside it.

use std::fs;

use chrono_tz::Tz;
use proptest::prelude::*;
use usage_core::period::Unit;
use usage_core::record::line;
use usage_core::stats::{Aggregates, Series};
use usage_core::{Filter, Label, LabelInterner, Record, TagKey, TimeRange};
use usage_store::doctor::{self, Depth, examine};
use usage_store::{DeleteRangePlan, SCHEMA_VERSION, Store};

use super::migration::WITHOUT_V4;
use super::support::{Place, any_record, at, everything_said, records, series_by, with_event};

const OLD: [&[u8]; 4] = [
    include_bytes!("../fixtures/version-2.db"),
    include_bytes!("../fixtures/version-3.db"),
    include_bytes!("../fixtures/version-4.db"),
    include_bytes!("../fixtures/version-4-frozen.db"),
];

/// Everything that reports are made of: in all, of each name, and over time in two zones.
fn reports(store: &Store) -> (Vec<Aggregates>, Vec<Series>) {
    let all = TimeRange::ALL;
    let mut totals = vec![store.report(all, &Filter::new()).unwrap()];
    for label in Label::ALL {
        let mut names: Vec<_> =
            totals[0].groups().map(|(labels, _)| labels.names().get(label).to_owned()).collect();
        names.sort();
        names.dedup();
        for name in names {
            totals.push(store.report(all, &Filter::new().keeping(label, name)).unwrap());
        }
    }
    let series = [(Unit::Month, Tz::UTC), (Unit::Day, Tz::Asia__Kathmandu)]
        .map(|(unit, zone)| series_by(store, all, &Filter::new(), unit, zone).unwrap());
    (totals, series.into())
}

/// Records with all that is new, at a time that no horizon has reached.
fn said_later() -> Vec<Record> {
    let mut interner = LabelInterner::new(100);
    let later = |record: &Record| {
        let text = line::write(record).replace("1970-01-01T00:00:00", "2099-06-01T00:00:00");
        line::parse(text.as_bytes(), at(0), &mut interner).unwrap()
    };
    everything_said().iter().map(later).collect()
}

#[test]
fn what_records_say_now_is_added_to_what_was_kept() {
    for ledger in OLD {
        let place = Place::new();
        fs::write(&place.path, ledger).unwrap();
        let store = place.open();
        let (before, later) = (reports(&store), said_later());
        let outcome = store.insert_batch(&later).unwrap();
        assert_eq!(outcome.stored, later.len() as u64);
        let of_later: Aggregates = later.iter().collect();
        let mut expected = before.0[0].clone();
        expected.merge(of_later);
        let all = |store: &Store| store.report(TimeRange::ALL, &Filter::new()).unwrap();
        assert_eq!(all(&store), expected);

        // Neither declaring tags nor making all rollups again touches what they come to.
        let team = TagKey::new("team").unwrap();
        assert!(store.declare_tags(&[team]).unwrap().changed > 0);
        assert_eq!(all(&store), expected);
        assert!(store.tag_use(TimeRange::ALL).unwrap().iter().any(|tag| tag.key == team));
        assert_eq!(doctor::rebuild(&store).unwrap().changed, 0);
        assert!(examine(&place.path, Depth::Full).unwrap().is_sound());

        // Without them it is what it was.
        let start = said_later()[0].timestamp();
        let plan = DeleteRangePlan::new(&store, start, at(start.as_micros() + 1_000_000)).unwrap();
        store.delete(plan, |_| {}).unwrap();
        assert!(reports(&store) == before, "the reports of a ledger differ");
    }
}

/// The steps back from version 3.
const BACK: [(i32, &str); 3] = [
    (3, ""),
    (2, "DROP TABLE journals; DROP TABLE journal_folders; DROP TABLE set_aside;"),
    (
        1,
        "DROP TABLE journals; DROP TABLE journal_folders; DROP TABLE set_aside; DROP TABLE imports;",
    ),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_records_of_any_version_come_to_the_same(
        all in proptest::collection::vec(any_record(), 1..40),
    ) {
        // Earlier versions knew of no event that is told twice, nor of one that others record too.
        let all: Vec<_> = (0..).zip(&all).map(|(number, record): (u32, _)| {
            let told_once = Record::of(record.labels().clone(), *record.counts());
            match record.event_id() {
                Some(_) => with_event(told_once, &format!("e{number}")),
                None => told_once,
            }
        }).collect();
        for (version, back) in BACK {
            let place = Place::new();
            let store = place.open();
            store.insert_batch(&all).unwrap();
            let (before, kept) = (reports(&store), records(&store));
            drop(store);
            let sql = format!("{WITHOUT_V4} {back} PRAGMA user_version = {version}");
            place.connection().execute_batch(&sql).unwrap();
            let diagnosis = examine(&place.path, Depth::Usual).unwrap();
            prop_assert_eq!(diagnosis.file.schema_version, version);
            let store = place.open();
            prop_assert!(reports(&store) == before, "the reports differ");
            prop_assert_eq!(records(&store), kept);
            let diagnosis = examine(&place.path, Depth::Full).unwrap();
            prop_assert!(diagnosis.is_sound(), "{:#?}", diagnosis);
            prop_assert_eq!(diagnosis.file.schema_version, SCHEMA_VERSION);
        }
    }
}
