//! Ledgers and records for the tests.
//!
//! No test reads a ledger's bytes while this process has it open: closing any descriptor of a
//! file drops the locks that SQLite holds on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rusqlite::Connection;
use tempfile::TempDir;
use usage_core::period::Unit;
use usage_core::query::{Calendar, Selection};
use usage_core::sink::{BatchOutcome, JournalSink};
use usage_core::stats::{Aggregates, Series};
use usage_core::{
    Context, Engine, Error, EventId, Filter, Label, LabelNames, Labels, Money, Outcome, Quality,
    Record, TimeRange, Timestamp, TokenCounts, Usage,
};
use usage_journal::{JournalReader, JournalWriter, Options, RealDisk};
use usage_store::{Inserted, PruneOptions, Store, StoreError, StoreOptions, StoredRecord};

/// Longer than anything here takes on a slow and busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A folder of its own with a place for a ledger.
pub(crate) struct Place {
    folder: TempDir,
    pub(crate) path: PathBuf,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("usage.db");
        Self { folder, path }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn open(&self) -> Store {
        open_patient(&self.path)
    }

    /// A store that gives up waiting for a lock at once, for where somebody holds it on purpose.
    pub(crate) fn open_hasty(&self) -> Store {
        let mut options = StoreOptions::default();
        options.busy_timeout = Duration::from_millis(20);
        options.open(&self.path).unwrap()
    }

    /// A connection past the store.
    pub(crate) fn connection(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }

    /// A closed ledger with so many records, a microsecond apart.
    pub(crate) fn with_records(count: i64) -> Self {
        let place = Self::new();
        let batch: Vec<_> = (0..count).map(|micros| record(micros, 1)).collect();
        place.open().insert_batch(&batch).unwrap();
        place
    }

    /// The names in the folder, in order.
    pub(crate) fn listing(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// A store that waits for others however slow the machine is.
pub(crate) fn open_patient(path: &Path) -> Store {
    let mut options = StoreOptions::default();
    options.busy_timeout = DEADLINE;
    options.open(path).unwrap()
}

/// Keeps what the records add up to.
pub(crate) const KEEP_SUMS: PruneOptions = PruneOptions::new().with_keep_rollups(true);

/// A report over time, by names.
pub(crate) fn series_by(
    store: &Store,
    range: TimeRange,
    filter: &Filter,
    unit: Unit,
    zone: Tz,
) -> Result<Series, Error> {
    Engine::series(store, &Selection::new(range, filter), Calendar { unit, zone })
}

/// A report over time alone.
pub(crate) fn series_of_all(
    store: &Store,
    range: TimeRange,
    unit: Unit,
    zone: Tz,
) -> Result<Series, Error> {
    let everything = Filter::default();
    Engine::series_of_all(store, &Selection::new(range, &everything), Calendar { unit, zone })
}

/// The ledger's own error behind an engine's.
pub(crate) fn of_store(error: Error) -> StoreError {
    *error.into_inner().downcast().unwrap()
}

/// Waits until something is so.
///
/// # Panics
/// After a minute, with what it waited for.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "in {DEADLINE:?} it did not come to this: {what}");
        thread::yield_now();
    }
}

pub(crate) fn labels([instance_id, profile, provider, route, model]: [&str; 5]) -> Labels {
    Labels::new(
        LabelNames::new()
            .with_instance(instance_id)
            .with_profile(profile)
            .with_provider(provider)
            .with_route(route)
            .with_model(model),
    )
    .unwrap()
}

/// A record at an instant with a bare total.
pub(crate) fn record(micros: i64, tokens: u64) -> Record {
    record_of(["i", "p", "v", "r", "m"], micros, tokens)
}

pub(crate) fn record_of(names: [&str; 5], micros: i64, tokens: u64) -> Record {
    let tokens = TokenCounts::unclassified(tokens);
    Record::new(labels(names), Usage::new(tokens, at(micros))).unwrap()
}

pub(crate) fn with_event(record: Record, event_id: &str) -> Record {
    record.with_event_id(EventId::new(event_id).unwrap())
}

pub(crate) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(crate) fn range(start: i64, end: i64) -> TimeRange {
    TimeRange { start: Some(at(start)), end: Some(at(end)) }
}

/// Records each of which says one thing that most do not, and two that say all of it.
pub(crate) fn everything_said() -> Vec<Record> {
    let tokens = TokenCounts::new()
        .with_input(90)
        .with_output(80)
        .with_cache_read(70)
        .with_cache_write(1_000_000_000);
    let usage = Usage::new(tokens, at(0));
    let of = |change: &dyn Fn(&mut Usage)| {
        let mut usage = usage;
        change(&mut usage);
        usage
    };
    let max = Money::MAX_STATED;
    let mut usages = vec![
        of(&|usage| usage.tokens.cache_write_long = 300),
        of(&|usage| usage.tokens.input_audio = 1),
        of(&|usage| usage.tokens.output_audio = 80),
        of(&|usage| usage.tokens.cache_read_audio = 70),
        of(&|usage| usage.web_searches = 1_000_000),
        of(&|usage| usage.outcome = Outcome::Error),
        of(&|usage| usage.outcome = Outcome::Cancelled),
        of(&|usage| usage.quality = Quality::Partial),
        of(&|usage| usage.quality = Quality::Estimated),
        of(&|usage| usage.is_inconsistent = true),
        of(&|usage| usage.stated_cost = Some(Money::ZERO)),
        of(&|usage| usage.stated_cost = Some(max)),
        of(&|usage| usage.revision = 1_000_000_000),
        of(&|usage| usage.is_time_stated = false),
    ];
    let all = of(&|usage| {
        usage.tokens = TokenCounts::new()
            .with_input(1_000_000_000)
            .with_output(128)
            .with_cache_read(127)
            .with_cache_write(1_000_000_000)
            .with_reasoning(500)
            .with_cache_write_long(999_999_999);
        usage.tokens.input_audio = 1_000_000_000;
        usage.tokens.output_audio = 127;
        usage.tokens.cache_read_audio = 126;
        usage.web_searches = 128;
        usage.outcome = Outcome::Cancelled;
        usage.quality = Quality::Estimated;
        usage.stated_cost = Some(Money::from_picos(1_234_567));
        usage.revision = 16_384;
        usage.is_time_stated = false;
    });
    usages.extend([all; 2]);
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let context =
        |session: &str, tags: &[(&str, &str)]| Context::new(session, tags.iter().copied()).unwrap();
    let tags = &[("env", "prod"), ("team", "search")];
    let mut records: Vec<_> = usages
        .into_iter()
        .map(|usage| Record::new(Labels::new(names).unwrap(), usage).unwrap())
        .collect();
    let plain = records[0].clone().with_counts(usage.try_into().unwrap());
    let last = records.len() - 1;
    let full = names.with_tier("batch").with_project("p").with_user("u");
    records[last] = records[last]
        .clone()
        .with_labels(Labels::new(full).unwrap())
        .with_event_id(EventId::new("e").unwrap())
        .with_alias_id(EventId::new("alias").unwrap())
        .with_context(context("s1", tags));
    for label in [Label::Tier, Label::Project, Label::User] {
        records.push(plain.clone().with_labels(Labels::new(names.with(label, "x")).unwrap()));
    }
    for context in [context("s1", &[]), context("", tags), context("s2", &tags[..1])] {
        records.push(plain.clone().with_context(context));
    }
    let other = Labels::new(names.with_instance("j")).unwrap();
    records.push(plain.clone().with_labels(other).with_context(context("s1", tags)));
    let with_alias = with_event(plain, "f").with_alias_id(EventId::new("g").unwrap());
    records.push(with_alias);
    records
}

/// The outcome without what refused records contradict: of several tellings any may be the first that is found.
pub(crate) fn without_conflicts(mut outcome: BatchOutcome) -> BatchOutcome {
    outcome.refused.iter_mut().for_each(|refusal| refusal.conflict = None);
    outcome
}

/// The answer of [`usage_store::insert_record`] that says the same as a batch's.
pub(crate) fn inserted_of(outcome: &BatchOutcome) -> Inserted {
    match outcome.refused.first() {
        Some(refusal) => Inserted::Refused(refusal.reason),
        None if outcome.duplicates > 0 => Inserted::Duplicate,
        None if outcome.amended > 0 => Inserted::Amended,
        None => Inserted::Stored,
    }
}

/// Everything in the ledger, newest first.
pub(crate) fn stored(store: &Store) -> Vec<StoredRecord> {
    let filter = Filter::default();
    store.records_by_period(TimeRange::ALL, &filter).collect::<Result<_, _>>().unwrap()
}

pub(crate) fn records(store: &Store) -> Vec<Record> {
    stored(store).into_iter().map(|stored| stored.record).collect()
}

/// Returns the rollups of the records of a range that pass a filter, one by one.
pub(crate) fn scan(store: &Store, range: TimeRange, filter: &Filter) -> Aggregates {
    let records = store.records_by_period(range, filter);
    records.map(|stored| stored.unwrap().record).collect::<Vec<_>>().iter().collect()
}

/// Returns the number of records that a report sees.
pub(crate) fn requests(store: &Store) -> u64 {
    store.report(TimeRange::ALL, &Filter::default()).unwrap().summary().requests
}

/// Recovery reads all of a segment, which takes longer than what these tests put into one.
fn small_segments() -> Options {
    let mut options = Options::default();
    (options.segment_bytes, options.frame_bytes) = (64 * 1_024, 16 * 1_024);
    options
}

/// A journal of the ledger in that folder, with these records; its owner is whoever holds it.
pub(crate) fn journal(
    store: &Store,
    folder: &Path,
    records: &[Record],
) -> (JournalWriter, JournalReader) {
    let id = store.id().unwrap();
    let (mut journal, tail) =
        JournalWriter::create(RealDisk, folder, id, small_segments()).unwrap();
    let mut rest = records;
    while !rest.is_empty() {
        rest = &rest[journal.append(rest).unwrap()..];
    }
    journal.publish();
    (journal, tail)
}

/// Such a journal in the folder where it belongs, whose owner is gone.
pub(crate) fn orphan(store: &mut Store, records: &[Record]) -> PathBuf {
    let folder = store.journal_folder().unwrap();
    drop(journal(store, &folder, records));
    folder
}

/// The segments in a folder.
pub(crate) fn segments(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

const INSTANCES: &[&str] = &["a", "b"];
const PROFILES: &[&str] = &["", "default", "work"];
const PROVIDERS: &[&str] = &["", "v", "v.r"];
const ROUTES: &[&str] = &["r", "r.m"];
const MODELS: &[&str] = &["m", "模\u{1b}"];

/// The newest instant of [`any_record`], so that many are equal.
pub(crate) const NEWEST: i64 = 12;

pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    let names =
        (select(INSTANCES), select(PROFILES), select(PROVIDERS), select(ROUTES), select(MODELS));
    let count = prop_oneof![Just(0_u64), 0..=3_u64, Just(1_000_000_000)];
    let tokens = prop_oneof![
        count.clone().prop_map(TokenCounts::unclassified),
        proptest::array::uniform5(count).prop_map(|[input, output, read, write, reasoning]| {
            TokenCounts::new()
                .with_input(input)
                .with_output(output)
                .with_cache_read(read)
                .with_cache_write(write)
                .with_reasoning(reasoning.min(output))
        }),
    ];
    let event_id = proptest::option::of(select(&["e1", "e2", "e3"][..]));
    (names, tokens, 0..3_u32, 0..=NEWEST, event_id).prop_map(
        |((instance, profile, provider, route, model), tokens, fallbacks, micros, event_id)| {
            let labels = labels([instance, profile, provider, route, model]);
            let record = Record::new(
                labels,
                Usage::new(tokens, at(micros)).with_fallbacks(fallbacks.into()),
            )
            .unwrap();
            match event_id {
                Some(event_id) => with_event(record, event_id),
                None => record,
            }
        },
    )
}

pub(crate) fn any_range() -> impl Strategy<Value = TimeRange> {
    let bound = proptest::option::of((-1..=NEWEST + 1).prop_map(at));
    (bound.clone(), bound).prop_map(|(start, end)| TimeRange { start, end })
}

pub(crate) fn any_filter() -> impl Strategy<Value = Filter> {
    let some = |label: Label, names: &'static [&'static str]| {
        prop_oneof![Just(Vec::new()), subsequence(names, 0..=names.len())]
            .prop_map(move |names| names.into_iter().map(|name| (label, name)).collect::<Vec<_>>())
    };
    let kept = (
        some(Label::Instance, INSTANCES),
        some(Label::Profile, PROFILES),
        some(Label::Provider, PROVIDERS),
        some(Label::Route, ROUTES),
        some(Label::Model, MODELS),
    );
    kept.prop_map(|(instances, profiles, providers, routes, models)| {
        let kept = [instances, profiles, providers, routes, models].concat();
        kept.into_iter().fold(Filter::new(), |filter, (label, name)| filter.keeping(label, name))
    })
}
