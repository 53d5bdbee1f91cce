//! Forgetting names: every sum is what the same records come to under the other name, and no byte holds the name.

use std::fs;

use proptest::prelude::*;
use usage_core::budget::{Amount, Budget, Per};
use usage_core::query::{Limits, Selection};
use usage_core::stats::Aggregates;
use usage_core::{
    Context, Engine, EventId, Filter, Label, LabelNames, Labels, Record, TagKey, TagSet, TimeRange,
    TokenCounts, Usage,
};
use usage_store::doctor::{Depth, examine};
use usage_store::forget::{FORGOTTEN, NameKind};
use usage_store::{Append, Appended, SourceCounts, Store};

use super::support::{KEEP_SUMS, Place, at, orphan, records, with_event};

const QUARTER: i64 = 900_000_000;
/// Long enough to be nowhere by chance.
const NAMES: [&str; 3] = ["Quetzalcoatl", "Wachtmeister", "Xylophonistin"];

fn any_told() -> impl Strategy<Value = Record> {
    let names = (0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize);
    (names, 0..40_i64, 0..1_000_u64, prop::option::weighted(0.6, 0..9_u8)).prop_map(
        |((user, project, instance, session, tag), time, tokens, event)| {
            let labels = LabelNames::new()
                .with_instance(NAMES[instance])
                .with_route("r")
                .with_model(NAMES[project])
                .with_project(["", NAMES[1], FORGOTTEN][project])
                .with_user(["", NAMES[0], NAMES[1]][user]);
            let usage = Usage::new(TokenCounts::unclassified(tokens), at(time * QUARTER / 2));
            let tags = [("team", ["", NAMES[0], FORGOTTEN][tag]), ("env", ["a", "b", ""][user])];
            let context = Context::new(["", NAMES[0], NAMES[2]][session], tags).unwrap();
            let record = Record::new(Labels::new(labels).unwrap(), usage).unwrap();
            let record = record.with_context(context);
            match event {
                Some(event) => with_event(record, &format!("e{event}")),
                None => record,
            }
        },
    )
}

fn any_kind() -> impl Strategy<Value = NameKind> {
    let mut kinds: Vec<NameKind> =
        [Label::User, Label::Project, Label::Instance, Label::Model].map(NameKind::Label).to_vec();
    kinds.extend([NameKind::Session, NameKind::Tag(TagKey::new("team").unwrap())]);
    prop::sample::select(kinds)
}

/// Returns a record under the other name.
fn renamed(record: &Record, kind: NameKind, name: &str, into: &str) -> Record {
    let (labels, context) = (record.labels(), record.context());
    match kind {
        NameKind::Label(label) if labels.name(label) == name => {
            record.clone().with_labels(Labels::new(labels.names().with(label, into)).unwrap())
        }
        NameKind::Session if context.session_id() == name => {
            record.clone().with_context(Context::new(into, context.tags()).unwrap())
        }
        NameKind::Tag(key) => {
            let tags = context.tags().map(|(of, value)| {
                (of, if of == key.as_str() && value == name { into } else { value })
            });
            record.clone().with_context(Context::new(context.session_id(), tags).unwrap())
        }
        _ => record.clone(),
    }
}

/// Returns the totals by name, those without records too, as they are under the other name.
fn totals(store: &Store, by: &[TagKey], kind: NameKind, name: &str, into: &str) -> Aggregates {
    let everything = Filter::new();
    let of = Selection::new(TimeRange::ALL, &everything).told_apart_by(by);
    let mut totals = Aggregates::default();
    for (labels, summary) in Engine::totals(store, &of).unwrap().groups() {
        let names = match kind {
            NameKind::Label(label) if labels.name(label) == name => {
                labels.names().with(label, into)
            }
            _ => labels.names(),
        };
        let tags = labels.tags().iter().map(|(key, value)| {
            let is_it = matches!(kind, NameKind::Tag(of) if of.as_str() == key && value == name);
            (key, if is_it { into } else { value })
        });
        let tags = TagSet::new(tags).unwrap();
        totals.add_totals(Labels::new(names).unwrap().with_tags(tags.tags()), summary);
    }
    totals
}

fn holds(place: &Place, name: &str) -> Vec<String> {
    let holds = |file: &String| {
        let path = place.folder().join(file);
        path.is_file()
            && fs::read(path).unwrap().windows(name.len()).any(|part| part == name.as_bytes())
    };
    place.listing().into_iter().filter(holds).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn sums_stay_and_names_go(
        batch in prop::collection::vec(any_told(), 1..60),
        kind in any_kind(),
        name in 0..2_usize,
        is_pruned in any::<bool>(),
        declared in any::<bool>(),
    ) {
        let (place, name) = (Place::new(), NAMES[name]);
        let store = place.open();
        if declared {
            store.declare_tags(&[TagKey::new("team").unwrap()]).unwrap();
        }
        store.insert_batch(&batch).unwrap();
        if is_pruned {
            let plan = usage_store::PrunePlan::new(&store, at(9 * QUARTER), &KEEP_SUMS).unwrap();
            store.delete(plan, |_| {}).unwrap();
        }
        let rows = records(&store);
        let team = [TagKey::new("team").unwrap()];
        let by = if declared { &team[..] } else { &[] };
        // Another one is renamed to what stands there afterwards once that is known.
        let before = store.backup(place.folder().join("before.db")).unwrap().path;
        let outcome = store.forget_name(kind, name).unwrap();
        let into = outcome.placeholder.as_str();
        prop_assert!(outcome.is_wiped && outcome.copies.journals.is_empty());
        let expected: Vec<_> = rows.iter().map(|row| renamed(row, kind, name, into)).collect();
        prop_assert_eq!(records(&store), expected);
        let before = Store::open_existing(before).unwrap();
        prop_assert_eq!(
            totals(&store, by, kind, name, into),
            totals(&before, by, kind, name, into)
        );
        prop_assert!(store.plan_forgetting(kind, name).unwrap().is_none());
        // Further ones of the same names find their way.
        store.insert_batch(&batch).unwrap();
        store.forget_name(kind, name).unwrap();
        drop(store);
        let found = examine(&place.path, Depth::Full).unwrap();
        prop_assert!(found.is_sound(), "{:?}", found.checks);
    }
}

fn told_by(user: &str, micros: i64) -> Record {
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let labels = Labels::new(names.with_user(user)).unwrap();
    Record::new(labels, Usage::new(TokenCounts::unclassified(5), at(micros))).unwrap()
}

/// The name is in a journal that waits, in the quarantine, in what was told twice, and in space that is free.
#[test]
fn no_byte_holds_the_name() {
    let place = Place::new();
    let mut store = place.open();
    let name = NAMES[0];
    let batch: Vec<_> = (0..500).map(|n| told_by(name, n * QUARTER)).collect();
    store.insert_batch(&batch).unwrap();
    let twice = [
        with_event(told_by(name, 1_000 * QUARTER), "e"),
        with_event(told_by(NAMES[1], 1_001 * QUARTER), "e"),
    ];
    store.insert_batch(&twice).unwrap();
    store.prune_records(at(400 * QUARTER)).unwrap();
    // Older than the ledger takes: it is quarantined.
    store.insert_batch(&batch[..3]).unwrap();
    orphan(&mut store, &[told_by(name, 2_000 * QUARTER)]);
    let outcome = store.forget_name(NameKind::Label(Label::User), name).unwrap();
    assert!(outcome.is_wiped, "{outcome:?}");
    assert!(outcome.names.texts >= 3, "{outcome:?}");
    assert!(!store.is_forgetting().unwrap());
    assert_eq!(store.quarantine().size().unwrap().records, 3);
    drop(store);
    assert_eq!(holds(&place, name), Vec::<String>::new());
    assert!(examine(&place.path, Depth::Full).unwrap().is_sound());
}

/// Event ids, paths of logs, what is remembered of these, and budgets hold it too: what comes again is the same, a log
/// is gone on with, and a budget counts what it did.
#[test]
fn ids_paths_and_budgets_give_way_and_go_on() {
    let (place, name) = (Place::new(), NAMES[0]);
    let store = place.open();
    let batch: Vec<_> = (0..20)
        .map(|n| {
            let record = with_event(told_by(name, n * QUARTER), &format!("req-{name}-{n}"));
            match n % 3 {
                0 => record,
                1 => record.with_alias_id(EventId::new(format!("{n}/{name}")).unwrap()),
                _ => with_event(record, &format!("r{n}"))
                    .with_alias_id(EventId::new(format!("{n}/{name}")).unwrap()),
            }
        })
        .collect();
    store.insert_batch(&batch).unwrap();
    // Two users of one event: the greater name is the row's, and is another one afterwards.
    let twice = ["Aal", name].map(|user| with_event(told_by(user, 30 * QUARTER), "twice"));
    store.insert_batch(&twice).unwrap();
    let budget = Budget::new(format!("of {name}"), Amount::Tokens(1), Per::Day).unwrap();
    let kept = Filter::new().keeping(Label::User, name).keeping(Label::Project, name);
    store.budgets().set(&budget.clone().of(kept)).unwrap();
    store
        .budgets()
        .set(&Budget::new("of (forgotten)", Amount::Tokens(2), Per::Day).unwrap())
        .unwrap();
    let length = u8::try_from(name.len()).unwrap();
    let cursor = [&[1, 2, length], name.as_bytes(), &[3]].concat();
    let path = format!("file:/home/{name}/log");
    let next = |from, to| Append {
        source: &path,
        from,
        to,
        counts: SourceCounts::default(),
        records: &[],
        known: Default::default(),
    };
    store.append(&next(None, &cursor)).unwrap();
    let before = records(&store).len();

    let outcome = store.forget_name(NameKind::Label(Label::User), name).unwrap();
    assert_eq!((outcome.names.event_ids, outcome.names.sources), (20, 1));
    assert!(outcome.is_wiped && outcome.remains == ["settings.value"], "{outcome:?}");
    let again = store.insert_batch(&batch).unwrap();
    // The user is a new one, and tells more of the same events.
    assert_eq!((again.stored, again.refused.len()), (0, 0), "{again:?}");
    assert_eq!(records(&store).len(), before);
    store.forget_name(NameKind::Label(Label::User), name).unwrap();
    let budgets = store.budgets().list().unwrap();
    let names: Vec<_> = budgets.iter().map(Budget::name).collect();
    assert_eq!(names, ["of (forgotten)", "of (forgotten) 2"]);
    assert_eq!(budgets[1].filter().kept(Label::User), [FORGOTTEN]);
    // Another kind of name stays.
    assert_eq!(budgets[1].filter().kept(Label::Project), [name]);
    store.budgets().remove("of (forgotten) 2").unwrap();
    let blotted = store.source(&path).unwrap().unwrap().cursor;
    assert_eq!(blotted, [&[1, 2, length], &b"x".repeat(name.len())[..], &[3]].concat());
    assert!(matches!(store.append(&next(Some(&blotted), b"2")).unwrap(), Appended::Stored(..)));
    store.forget_name(NameKind::Label(Label::Project), name).unwrap();
    drop(store);
    assert_eq!(holds(&place, name), Vec::<String>::new());
    let found = examine(&place.path, Depth::Full).unwrap();
    assert!(found.is_sound(), "{:?}", found.checks);
}

/// A reader keeps the write-ahead log: the name is in no report, and what is left is wiped later.
#[test]
fn a_reader_holds_it_up_and_it_goes_on() {
    let place = Place::new();
    let store = place.open_hasty();
    store.insert_batch(&[told_by(NAMES[0], 1)]).unwrap();
    let reader = place.connection();
    reader.execute_batch("BEGIN; SELECT count(*) FROM records").unwrap();
    let outcome = store.forget_name(NameKind::Label(Label::User), NAMES[0]).unwrap();
    assert!(!outcome.is_wiped && store.is_forgetting().unwrap());
    assert_eq!(records(&store), [told_by(FORGOTTEN, 1)]);
    reader.execute_batch("COMMIT").unwrap();
    assert!(store.finish_forgetting().unwrap() && !store.is_forgetting().unwrap());
    drop((store, reader));
    assert_eq!(holds(&place, NAMES[0]), Vec::<String>::new());
}

/// The same event under its name again is the same, and other ledgers have other pseudonyms.
#[test]
fn names_come_in_as_pseudonyms() {
    let (place, other) = (Place::new(), Place::new());
    let users = [NameKind::Label(Label::User)];
    let stored_in = |place: &Place| {
        let mut store = place.open();
        store.set_pseudonyms(&users).unwrap();
        let told = with_event(told_by(NAMES[0], 1), "e");
        assert_eq!(store.insert_batch(std::slice::from_ref(&told)).unwrap().stored, 1);
        assert_eq!(store.insert_batch(&[told]).unwrap().duplicates, 1);
        orphan(&mut store, &[told_by(NAMES[0], 2)]);
        store.journals().recover().unwrap();
        let stored = records(&store);
        // What was exported comes back as it was.
        assert_eq!(store.insert_batch(&stored[..1]).unwrap().refused, []);
        let name = stored[0].labels().name(Label::User).to_owned();
        assert!(name.starts_with("p-") && stored[1].labels().name(Label::User) == name);
        drop(store);
        assert_eq!(holds(place, NAMES[0]), Vec::<String>::new());
        name
    };
    assert_ne!(stored_in(&place), stored_in(&other));
}

#[test]
fn counters_of_what_was_deleted_forget_too() {
    let place = Place::new();
    let store = place.open();
    store.keep_counters().unwrap();
    let of = |model: &str| {
        let labels = LabelNames::new().with_instance("i").with_route("r").with_model(model);
        let usage = Usage::new(TokenCounts::unclassified(7), at(0));
        Record::new(Labels::new(labels).unwrap(), usage).unwrap()
    };
    store.insert_batch(&[of(NAMES[0]), of(FORGOTTEN), of("m")]).unwrap();
    store.delete_all_records().unwrap();
    let forgotten = store.forget_name(NameKind::Label(Label::Model), NAMES[0]).unwrap();
    assert!(!forgotten.names.is_none(), "{forgotten:?}");
    let counters = store.counters(&Limits::none()).unwrap();
    let counted: Vec<_> =
        counters.iter().map(|of| (of.model.as_str(), of.totals.requests)).collect();
    assert_eq!(counted, [(FORGOTTEN, 2), ("m", 1)]);
    drop(store);
    for file in fs::read_dir(place.folder()).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            assert!(!String::from_utf8_lossy(&bytes).contains(NAMES[0]), "{}", path.display());
        }
    }
}
