//! Ledgers to be shipped, and whether an engine says what they say together.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono_tz::Tz;
use usage_conformance::AnyPrices;
use usage_core::period::Unit;
use usage_core::query::{Calendar, Listing, Selection};
use usage_core::{
    Context, Engine, EventId, Filter, LabelNames, Labels, Measure, Record, TimeRange, Timestamp,
    TokenCounts, Usage,
};
use usage_ship::{Remote, verify};
use usage_store::{Store, StoreOptions};

use crate::together::{Together, printed};

/// 2025-11-01, in microseconds.
pub(crate) const START: i64 = 1_761_955_200_000_000;
pub(crate) const DAY: i64 = 86_400_000_000;

pub(crate) fn open(path: &Path) -> Store {
    let mut options = StoreOptions::default();
    options.busy_timeout = Duration::from_secs(60);
    options.with_pricing(Arc::new(AnyPrices)).open(path).unwrap()
}

/// What a gateway records: mostly now, some late from the whole year, some told again.
pub(crate) struct Traffic {
    pub(crate) random: fastrand::Rng,
    instance: String,
    now: i64,
    told: u64,
}

impl Traffic {
    pub(crate) fn of(instance: &str, seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            instance: instance.to_owned(),
            now: START,
            told: 0,
        }
    }

    pub(crate) fn batch(&mut self, records: usize) -> Vec<Record> {
        (0..records).map(|_| self.record()).collect()
    }

    /// Goes on from another instant, in microseconds.
    pub(crate) const fn set(&mut self, now: i64) {
        self.now = now;
    }

    fn record(&mut self) -> Record {
        let random = &mut self.random;
        self.now += random.i64(0..6_000_000);
        let at = if random.u8(..10) == 0 { START - random.i64(0..300) * DAY } else { self.now };
        let number = |of: &str, most: u32, random: &mut fastrand::Rng| {
            format!("{of}-{}", random.u32(..most))
        };
        let (route, model) = (number("route", 4, random), number("model\t", 5, random));
        let (project, tier) =
            (number("pro'ject", 3, random), ["standard", "batch"][random.usize(..2)]);
        let names = LabelNames::new()
            .with_instance(&self.instance)
            .with_provider("anthropic")
            .with_route(&route)
            .with_model(&model)
            .with(usage_core::Label::Project, &project)
            .with(usage_core::Label::Tier, tier);
        let mut usage = Usage::new(TokenCounts::new(), Timestamp::from_micros(at))
            .with(Measure::Input, random.u64(..9_000))
            .with(Measure::Output, random.u64(..900))
            .with(Measure::CacheRead, random.u64(..90_000));
        let is_again = self.told > 0 && random.u8(..8) == 0;
        usage.revision = if is_again { random.u32(1..900) } else { 0 };
        let id = if is_again { random.u64(..self.told) } else { self.told };
        self.told += u64::from(!is_again);
        let session = number("s", 40, random);
        let team = number("team", 3, random);
        let context = Context::new(&session, [("team", team.as_str())]).unwrap();
        Record::new(Labels::new(names).unwrap(), usage)
            .unwrap()
            .with_event_id(EventId::new(format!("{}-{id}", self.instance)).unwrap())
            .with_context(context)
    }
}

/// Checks that reports from an engine are those of some ledgers together.
pub(crate) fn compare(stores: &[&Store], url: &str) {
    let remote = Remote::open(url.parse().unwrap()).unwrap();
    for store in stores {
        let differences = verify(store, url.parse().unwrap()).unwrap();
        assert!(differences.is_empty(), "{differences:?}");
    }
    for ((what, expected), (_, found)) in printed(&Together(stores)).iter().zip(printed(&remote)) {
        assert!(found == *expected, "{what}: {found} in place of {expected}");
    }
    let filters = [Filter::new(), Filter::new().keeping(usage_core::Label::Model, "model\t-3")];
    for filter in &filters {
        // Whole quarters of an hour: of pruned ones nothing else can be told.
        for range in
            [TimeRange::ALL, TimeRange { start: Some(Timestamp::from_micros(START)), end: None }]
        {
            let of = Selection::new(range, filter);
            assert_eq!(remote.totals(&of).unwrap(), Together(stores).totals(&of).unwrap());
        }
        for (unit, zone) in [(Unit::Hour, Tz::UTC), (Unit::Month, Tz::America__New_York)] {
            // With both bounds, so that each has the same buckets.
            let first = if unit == Unit::Hour { START - DAY } else { START - 301 * DAY };
            let ends = [first, START + 9 * DAY].map(Timestamp::from_micros).map(Some);
            let of = Selection::new(TimeRange { start: ends[0], end: ends[1] }, filter);
            let by = Calendar { unit, zone };
            let expected = Together(stores).series(&of, by).unwrap();
            assert_eq!(remote.series(&of, by).unwrap(), expected, "by {unit:?} in {zone}");
        }
        let of = Selection::new(TimeRange::ALL, filter);
        let listing = Listing::default();
        let sessions = Together(stores).sessions(&of, listing).unwrap().unwrap();
        assert_eq!(remote.sessions(&of, listing).unwrap().unwrap(), sessions);
        let mut blocks: Vec<_> =
            stores.iter().flat_map(|store| store.blocks(&of).unwrap()).collect();
        blocks
            .sort_by(|one, other| (one.start, &one.instance).cmp(&(other.start, &other.instance)));
        assert_eq!(remote.blocks(&of).unwrap(), blocks);
    }
}
