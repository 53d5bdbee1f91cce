//! Rollups of sessions, which are what a list of records would say, whatever comes and goes.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use usage_core::query::{Limits, Listing, Selection, Session, SessionOrder};
use usage_core::sink::BatchOutcome;
use usage_core::stats::Summary;
use usage_core::{
    Context, Engine, EventId, Filter, Label, LabelNames, Labels, Quality, Record, TagKey,
    TimeRange, Timestamp, TokenCounts, Usage,
};
use usage_store::doctor::{self, Depth, examine};
use usage_store::{DeleteRangePlan, Policy, PrunePlan, RetentionPlan, SessionsKept, Store};

use super::support::{KEEP_SUMS, Place, at, range};

const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;
/// Days in which records are.
const DAYS: i64 = 6;

/// Two instances with the same ids of sessions, some records without one, three models.
fn any_record() -> impl Strategy<Value = Record> {
    let micros = prop_oneof![
        4 => (0..DAYS * 24 * 4, 0..3_i64).prop_map(|(quarter, by)| quarter * (HOUR / 4) + by),
        1 => 0..DAYS * DAY,
    ];
    (micros, 0..2_u8, 0..4_u8, 0..3_u8, 0..50_u64, 0..3_u8).prop_map(
        |(micros, instance, session, model, output, team)| {
            let (instance, model) = (format!("i{instance}"), format!("m{model}"));
            let names =
                LabelNames::new().with_instance(&instance).with_route("r").with_model(&model);
            let usage = Usage::new(TokenCounts::new().with_output(output), at(micros));
            let id = if session == 0 { String::new() } else { format!("s{session}") };
            let team = (team > 0).then(|| ("team", ["", "a", "b"][usize::from(team)]));
            let context = Context::new(&id, team).unwrap();
            Record::new(Labels::new(names).unwrap(), usage).unwrap().with_context(context)
        },
    )
}

/// One of few events, some of which turn out to be the same.
fn any_telling() -> impl Strategy<Value = Record> {
    let quality =
        prop_oneof![Just(Quality::Estimated), Just(Quality::Partial), Just(Quality::Reported)];
    let alias = proptest::option::weighted(0.2, 0..8_u8);
    (any_record(), quality, 0..8_u8, alias, 0..3_u32).prop_map(
        |(record, quality, event, alias, revision)| {
            let usage = record.counts().usage().with_quality(quality).with_revision(revision);
            let id = |number: u8| EventId::new(format!("e{number}")).unwrap();
            let record = record.with_counts(usage.try_into().unwrap()).with_event_id(id(event));
            match alias {
                Some(alias) => record.with_alias_id(id(alias)),
                None => record,
            }
        },
    )
}

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Record>),
    /// Events, some of which are told more than once.
    Tell(Vec<Record>),
    Prune {
        before: i64,
        keep_rollups: bool,
    },
    Range(i64, i64),
    /// The other rollups go, and sessions stay.
    Retain {
        before: i64,
    },
    Declare(bool),
    Rebuild,
    DeleteAll,
}

fn any_step() -> impl Strategy<Value = Step> {
    let instant = || {
        prop_oneof![
            3 => (0..DAYS * 24 * 4).prop_map(|quarter| quarter * (HOUR / 4)),
            1 => (0..DAYS).prop_map(|day| day * DAY),
            1 => 0..DAYS * DAY,
        ]
    };
    prop_oneof![
        8 => proptest::collection::vec(any_record(), 0..30).prop_map(Step::Batch),
        4 => proptest::collection::vec(any_telling(), 0..12).prop_map(Step::Tell),
        2 => (instant(), any::<bool>()).prop_map(|(before, keep_rollups)| Step::Prune { before, keep_rollups }),
        2 => (instant(), instant()).prop_map(|(one, other)| Step::Range(one.min(other), one.max(other))),
        1 => instant().prop_map(|before| Step::Retain { before }),
        1 => any::<bool>().prop_map(Step::Declare),
        1 => Just(Step::Rebuild),
        1 => Just(Step::DeleteAll),
    ]
}

type Key = (String, String);

/// Records, and what rollups are kept of that are gone.
#[derive(Default)]
struct Model {
    rows: Vec<Record>,
    frozen: Vec<Record>,
    /// Sessions of which something has gone after something was frozen: their ends are not known exactly.
    blurred: BTreeSet<Key>,
}

fn micros(record: &Record) -> i64 {
    record.timestamp().as_micros()
}

fn key(record: &Record) -> Option<Key> {
    let id = record.context().session_id();
    let instance = record.labels().names().get(Label::Instance);
    (!id.is_empty()).then(|| (instance.to_owned(), id.to_owned()))
}

impl Model {
    /// Takes out rows of a range, and whole days of what is frozen.
    fn remove(&mut self, start: i64, end: i64) {
        let has_frozen: BTreeSet<_> = self.frozen.iter().filter_map(key).collect();
        let goes = |of: &Record| (start..end).contains(&micros(of));
        let day_goes = |of: &Record| {
            let day = micros(of).div_euclid(DAY);
            day * DAY >= start && (day + 1) * DAY <= end
        };
        for gone in self
            .rows
            .iter()
            .filter(|of| goes(of))
            .chain(self.frozen.iter().filter(|of| day_goes(of)))
        {
            self.blurred.extend(key(gone).filter(|key| has_frozen.contains(key)));
        }
        self.rows.retain(|of| !goes(of));
        self.frozen.retain(|of| !day_goes(of));
    }

    /// Takes the rows that there are now: those that are not any more, or not even at the end of their batch, were
    /// told anew.
    fn tell(&mut self, batch: &[Record], rows: Vec<Record>) {
        let has_frozen: BTreeSet<_> = self.frozen.iter().filter_map(key).collect();
        let before = self.rows.iter().chain(batch);
        let gone = before.filter(|of| !rows.contains(of)).filter_map(key);
        self.blurred.extend(gone.filter(|key| has_frozen.contains(key)));
        self.rows = rows;
    }

    fn freeze(&mut self, before: i64) {
        let (old, rows) = self.rows.drain(..).partition(|of| micros(of) < before);
        self.rows = rows;
        self.frozen.extend::<Vec<_>>(old);
    }

    fn sessions(&self) -> BTreeMap<Key, Vec<&Record>> {
        let mut sessions = BTreeMap::<_, Vec<_>>::new();
        for record in self.rows.iter().chain(&self.frozen) {
            if let Some(key) = key(record) {
                sessions.entry(key).or_default().push(record);
            }
        }
        sessions
    }
}

fn sum<'r>(records: impl IntoIterator<Item = &'r &'r Record>) -> Summary {
    let mut sum = Summary::default();
    records.into_iter().for_each(|record| sum.merge(&Summary::of(record)));
    sum
}

fn listed(store: &Store, range: TimeRange, filter: &Filter) -> BTreeMap<Key, Session> {
    let of = Selection::new(range, filter);
    let sessions = Engine::sessions(store, &of, Listing::default()).unwrap().unwrap();
    sessions.into_iter().map(|of| ((of.instance.clone(), of.id.clone()), of)).collect()
}

/// Compares each session, of all time and of a range, by itself and under a filter.
fn check(store: &Store, model: &Model, asked: (i64, i64)) {
    let expected = model.sessions();
    let all = listed(store, TimeRange::ALL, &Filter::new());
    assert_eq!(all.keys().collect::<Vec<_>>(), expected.keys().collect::<Vec<_>>());
    for (key, session) in &all {
        let records = &expected[key];
        assert_eq!(session.totals, sum(records), "{key:?}");
        assert_eq!(session.in_range, Some(session.totals));
        let times = || records.iter().map(|of| of.timestamp());
        let time = (times().min().unwrap(), times().max().unwrap());
        if model.blurred.contains(key) {
            assert!(session.time.0 <= time.0 && session.time.1 >= time.1, "{key:?}");
        } else {
            assert_eq!(session.time, time, "{key:?}");
        }
    }
    let within = range(asked.0, asked.1);
    let of_range = listed(store, within, &Filter::new());
    for (key, session) in &all {
        let is_in = within.contains(session.time.1);
        assert_eq!(of_range.contains_key(key), is_in, "{key:?} of {within:?}");
        let Some(found) = of_range.get(key) else { continue };
        assert_eq!((found.totals, found.time), (session.totals, session.time));
        let in_range = expected[key].iter().filter(|of| within.contains(of.timestamp()));
        match found.in_range {
            Some(found) => assert_eq!(found, sum(in_range), "{key:?} of {within:?}"),
            None => assert!(session.is_frozen && micros_of(session) < asked.0),
        }
    }
    let filter = Filter::new().keeping(Label::Model, "m1");
    let filtered = listed(store, TimeRange::ALL, &filter);
    for (key, records) in &expected {
        let passing: Vec<_> =
            records.iter().filter(|of| filter.matches(&of.names())).copied().collect();
        let found = filtered.get(key).map(|of| (of.totals, of.models.clone()));
        let expected = (!passing.is_empty()).then(|| (sum(&passing), vec!["m1".to_owned()]));
        assert_eq!(found, expected, "{key:?}");
    }
}

fn micros_of(session: &Session) -> i64 {
    session.time.0.as_micros()
}

fn run(steps: Vec<Step>, asked: (i64, i64)) {
    let place = Place::new();
    let store = place.open();
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Batch(batch) => {
                let outcome = store.insert_batch(&batch).unwrap();
                let refused: Vec<_> = outcome.refused.iter().map(|of| of.index).collect();
                let stored = batch.iter().enumerate().filter(|(index, _)| !refused.contains(index));
                model.rows.extend(stored.map(|(_, record)| record.clone()));
            }
            Step::Tell(batch) => {
                store.insert_batch(&batch).unwrap();
                model.tell(&batch, super::support::records(&store));
            }
            Step::Prune { before, keep_rollups: true } => {
                let plan = PrunePlan::new(&store, at(before), &KEEP_SUMS).unwrap();
                let before = plan.before.as_micros();
                store.delete(plan, |_| {}).unwrap();
                model.freeze(before);
            }
            Step::Prune { before, keep_rollups: false } => {
                // An instant that cuts rollups without rows is refused.
                let Ok(plan) = PrunePlan::new(&store, at(before), &Default::default()) else {
                    continue;
                };
                store.delete(plan, |_| {}).unwrap();
                model.remove(i64::MIN, before);
            }
            Step::Range(start, end) => {
                let Ok(plan) = DeleteRangePlan::new(&store, at(start), at(end)) else { continue };
                store.delete(plan, |_| {}).unwrap();
                model.remove(start, end);
            }
            Step::Retain { before } => {
                let age = "1d".parse().unwrap();
                let policy = Policy::new(Some(age), Some(age)).unwrap();
                store
                    .retention()
                    .set(&policy.with_sessions(SessionsKept::Forever).unwrap())
                    .unwrap();
                let plan = RetentionPlan::new(&store, at(before + DAY)).unwrap().insist();
                let before = plan.all.unwrap().before.as_micros();
                if store.delete(plan, |_| {}).is_ok() {
                    model.freeze(before);
                }
            }
            Step::Declare(is_declared) => {
                let team = TagKey::new("team").unwrap();
                let keys = if is_declared { vec![team] } else { Vec::new() };
                store.declare_tags(&keys).unwrap();
            }
            Step::Rebuild => assert_eq!(doctor::rebuild(&store).unwrap().session_rollups, 0),
            Step::DeleteAll => {
                store.delete_all_records().unwrap();
                model = Model::default();
            }
        }
        check(&store, &model, asked);
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sessions_are_what_a_list_says(
        steps in proptest::collection::vec(any_step(), 1..14),
        one in 0..DAYS * DAY,
        other in 0..DAYS * DAY,
    ) {
        run(steps, (one.min(other), one.max(other)));
    }
}

/// Where a session begins is not known any more when its first day, which was frozen, is gone and the next one is cut by
/// where rows begin. That day's records go then too.
#[test]
fn a_beginning_that_is_not_known_goes_with_its_day() {
    let batch = [0, 2 * DAY + HOUR, 4 * DAY].map(|micros| in_session(micros, "s"));
    let frozen = Step::Prune { before: 2 * DAY + HOUR / 4, keep_rollups: true };
    let gone = Step::Prune { before: DAY, keep_rollups: false };
    let cut = Step::Range(0, 2 * DAY + 2 * HOUR);
    run(vec![Step::Batch(batch.into()), frozen, gone, cut], (0, 6 * DAY));
}

fn in_session(micros: i64, id: &str) -> Record {
    super::support::record(micros, 1).with_context(Context::new(id, None::<(&str, &str)>).unwrap())
}

/// Checks what is told of an event later: another time, other counts, and the session that it belongs to; then
/// another one.
#[test]
fn sessions_follow_what_is_told_of_an_event() {
    let place = Place::new();
    let store = place.open();
    let usage =
        |micros: i64, output: u64| Usage::new(TokenCounts::new().with_output(output), at(micros));
    let record = |usage: Usage, session: &str| {
        let labels = super::support::labels(["i", "p", "v", "r", "m"]);
        let context = Context::new(session, None::<(&str, &str)>).unwrap();
        Record::new(labels, usage).unwrap().with_context(context)
    };
    let event = |usage, session: &str| super::support::with_event(record(usage, session), "e");
    // As it arrives, while it goes on, and when it is over.
    let mut arrival = usage(5, 1).with_quality(Quality::Estimated);
    arrival.is_time_stated = false;
    let under_way = usage(4 * DAY, 20).with_quality(Quality::Partial);
    let over = |micros, output, revision| usage(micros, output).with_revision(revision);
    let expect = |sessions: &[(&str, [i64; 2], u64)]| {
        let listed = listed(&store, TimeRange::ALL, &Filter::new());
        let found = listed.iter().map(|((_, id), of)| {
            let ends = [of.time.0, of.time.1].map(Timestamp::as_micros);
            (&**id, ends, of.totals.tokens())
        });
        assert_eq!(found.collect::<Vec<_>>(), sessions);
        let of_rows = Model { rows: super::support::records(&store), ..Model::default() };
        check(&store, &of_rows, (0, DAY));
        let diagnosis = examine(&place.path, Depth::Full).unwrap();
        assert!(diagnosis.is_sound(), "{diagnosis:#?}");
    };
    let amend = |record: Record| {
        let outcome = store.insert_batch(&[record]).unwrap();
        assert_eq!(outcome, BatchOutcome::default().with_amended(1));
    };
    let others = [record(usage(2 * DAY, 1), "a"), record(usage(3 * DAY, 1), "b")];
    store.insert_batch(&others).unwrap();
    store.insert_batch(&[event(arrival, "")]).unwrap();
    expect(&[("a", [2 * DAY, 2 * DAY], 1), ("b", [3 * DAY, 3 * DAY], 1)]);
    amend(event(under_way, "a"));
    expect(&[("a", [2 * DAY, 4 * DAY], 21), ("b", [3 * DAY, 3 * DAY], 1)]);
    amend(event(over(DAY, 300, 1), ""));
    expect(&[("a", [DAY, 2 * DAY], 301), ("b", [3 * DAY, 3 * DAY], 1)]);
    amend(event(over(5 * DAY, 4_000, 2), "b"));
    expect(&[("a", [2 * DAY, 2 * DAY], 1), ("b", [DAY, 3 * DAY], 4_001)]);
    // All of it in one batch: what a session had for a moment leaves no trace.
    store.delete_all_records().unwrap();
    let told =
        [event(arrival, "c"), record(usage(2 * DAY, 1), "a"), event(over(4 * DAY, 20, 1), "b")];
    let outcome = store.insert_batch(&told).unwrap();
    assert_eq!(outcome, BatchOutcome::stored(2).with_amended(1));
    expect(&[("a", [2 * DAY, 2 * DAY], 1), ("b", [4 * DAY, 4 * DAY], 20)]);
}

/// The rollups of 30 sessions, each of two records on two days, with one of them damaged.
#[test]
fn damage_is_named_and_made_again_where_rows_are_there() {
    let place = Place::new();
    let store = place.open();
    let records: Vec<_> = (0..30)
        .flat_map(|n| [in_session(n, &format!("s{n}")), in_session(DAY + n, &format!("s{n}"))])
        .collect();
    store.insert_batch(&records).unwrap();
    let list = || {
        let filter = Filter::new();
        Engine::sessions(&store, &Selection::new(TimeRange::ALL, &filter), Listing::default())
    };
    let expected = list().unwrap();
    for damage in [
        "UPDATE session_sums SET cells = zeroblob(9) WHERE session = 7 AND day = 1",
        "UPDATE session_sums SET cells = (SELECT cells FROM session_sums WHERE session = 8 AND day = 1) \
         WHERE session = 7 AND day = 1",
        "DELETE FROM session_sums WHERE session = 7 AND day = 0",
        "UPDATE sessions SET tokens = tokens + 1 WHERE id = 7",
    ] {
        place.connection().execute_batch(damage).unwrap();
        assert!(list().is_err(), "{damage}");
        for depth in [Depth::Quick, Depth::Full] {
            let diagnosis = examine(&place.path, depth).unwrap();
            let wrong: Vec<_> =
                diagnosis.checks.iter().filter(|check| !check.is_passed()).collect();
            assert_eq!(wrong.iter().map(|check| check.name).collect::<Vec<_>>(), ["sessions"]);
            let places = wrong[0].findings.iter().map(|finding| finding.place.to_string());
            assert!(places.into_iter().all(|place| place == "sums of session 7"), "{damage}");
        }
        assert!(doctor::rebuild(&store).unwrap().session_rollups > 0, "{damage}");
        assert_eq!(list().unwrap(), expected, "{damage}");
        assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
    }
    // Without rows nobody can make them again.
    store.delete(PrunePlan::new(&store, at(DAY), &KEEP_SUMS).unwrap(), |_| {}).unwrap();
    assert!(list().unwrap().unwrap().iter().all(|session| session.is_frozen));
    let damage = "UPDATE session_sums SET cells = zeroblob(9) WHERE session = 7 AND day = 0";
    place.connection().execute_batch(damage).unwrap();
    assert_eq!(doctor::rebuild(&store).unwrap().lost, [range(0, DAY)]);
    assert!(!examine(&place.path, Depth::Quick).unwrap().is_sound());
}

/// Each session goes so long after its last record, and its name with it.
#[test]
fn sessions_have_an_age_of_their_own() {
    let place = Place::new();
    let store = place.open();
    store
        .insert_batch(&[in_session(0, "a"), in_session(5 * DAY, "a"), in_session(DAY, "b")])
        .unwrap();
    let day = |days: u32| Some(format!("{days}d").parse().unwrap());
    let policy = Policy::new(day(2), None).unwrap();
    store
        .retention()
        .set(&policy.with_sessions(SessionsKept::For(day(7).unwrap())).unwrap())
        .unwrap();
    let kept = || listed(&store, TimeRange::ALL, &Filter::new()).into_keys().map(|(_, id)| id);
    for (now, sessions) in [(6, vec!["a", "b"]), (9, vec!["a"]), (12, vec!["a"]), (13, vec![])] {
        let plan = RetentionPlan::new(&store, at(now * DAY)).unwrap();
        let going = plan.sessions.unwrap().sessions;
        let before = kept().count() as u64;
        store.delete(plan, |_| {}).unwrap();
        assert_eq!(kept().collect::<Vec<_>>(), sessions, "day {now}");
        assert_eq!(before - going, sessions.len() as u64);
    }
    let count: i64 = place
        .connection()
        .query_row("SELECT count(*) FROM sessions", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 0);
    // Whoever remembers the id of one that went finds out.
    let plan = RetentionPlan::new(&store, at(13 * DAY)).unwrap();
    assert_eq!(plan.sessions.unwrap().sessions, 0);
    store.insert_batch(&[in_session(12 * DAY, "a")]).unwrap();
    assert_eq!(kept().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn the_top_is_that_of_all() {
    let place = Place::new();
    let store = place.open();
    let records: Vec<_> = (0..200_i64)
        .flat_map(|n| {
            let count = n * 37 % 11;
            (0..=count).map(move |of| in_session((n * 7919 % 200) * HOUR + of, &format!("s{n}")))
        })
        .collect();
    store.insert_batch(&records).unwrap();
    let (filter, within) = (Filter::new(), range(30 * HOUR, 150 * HOUR));
    for order in SessionOrder::ALL {
        let of = Selection::new(within, &filter).within(Limits::none());
        let list = |top| Engine::sessions(&store, &of, Listing { order, top }).unwrap().unwrap();
        let all = list(None);
        for top in [0, 1, 7, 20, 1_000] {
            assert_eq!(list(Some(top)), all[..top.min(all.len())], "{order} {top}");
        }
    }
}
