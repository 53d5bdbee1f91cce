//! `GET /metrics`: the ledger and the server as OpenMetrics.
//!
//! A counter must never fall. What is deleted the ledger itself keeps in its counters. It can still count less than before:
//! an older copy of it that was restored, a record amended. So what was shown is remembered beside the ledger, and what
//! has gone from there stays in the counters; of a bounded number of label sets.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};
use serde::{Deserialize, Serialize};
use usage_core::query::Limits;
use usage_core::stats::Summary;
use usage_core::{Error, Measure};
use usage_store::{Counter, Store};
use usage_tracker::Stats;

use crate::answer;
use crate::app::App;
use crate::batch::Seen;
use crate::owner::beside;

/// Label sets with series of their own; what comes later is counted as one.
const MOST: usize = 500;
const OTHERS: &str = "(other)";
const NAMES: [&str; 3] = ["instance", "provider", "model"];
/// The line that ends a page.
const END: &str = "# EOF\n";
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The counters of one label set, in this order: requests, those that failed, those with a price, the cost in 10⁻⁹ USD,
/// and tokens by kind.
const NUMBERS: usize = 9;
const KINDS: [Measure; 5] = [
    Measure::Input,
    Measure::Output,
    Measure::CacheRead,
    Measure::CacheWrite,
    Measure::Unclassified,
];

type Numbers = [u64; NUMBERS];
/// Instance, provider and model.
type Names = [String; 3];

/// Counters that never fall.
#[derive(Debug)]
pub(crate) struct Counters {
    path: PathBuf,
    /// The ledger is known to keep what is deleted.
    is_kept: AtomicBool,
    shown: Mutex<Option<Shown>>,
}

/// What was shown last.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq)]
struct Shown {
    series: Vec<(Names, Series)>,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
struct Series {
    /// What the ledger counted.
    held: Numbers,
    /// What had gone from that before.
    gone: Numbers,
}

impl Series {
    fn hold(&mut self, held: &Numbers) {
        for ((gone, before), now) in self.gone.iter_mut().zip(self.held).zip(*held) {
            *gone = gone.saturating_add(before.saturating_sub(now));
        }
        self.held = *held;
    }

    fn shown(&self) -> Numbers {
        let sum = self.held.iter().zip(&self.gone).map(|(held, gone)| held.saturating_add(*gone));
        let mut shown = [0; NUMBERS];
        shown.iter_mut().zip(sum).for_each(|(shown, sum)| *shown = sum);
        shown
    }
}

impl Counters {
    /// Remembers beside a ledger.
    pub(crate) fn beside(ledger: &Path) -> Self {
        Self { path: beside(ledger, ".metrics"), is_kept: false.into(), shown: Mutex::new(None) }
    }

    /// Returns the ledger's counters. Asks it first to keep what is deleted, until it could: a full disk hides no
    /// metrics.
    fn of(&self, store: &Store, limits: &Limits) -> Result<Vec<Counter>, Error> {
        if !self.is_kept.load(Ordering::Relaxed) {
            match store.keep_counters() {
                Ok(()) => self.is_kept.store(true, Ordering::Relaxed),
                Err(error) => tracing::warn!(%error, "counters may miss what is deleted"),
            }
        }
        store.counters(limits)
    }

    /// Takes what the ledger counts now, and returns what to show.
    fn update(&self, counted: BTreeMap<Names, Numbers>) -> io::Result<Vec<(Names, Numbers)>> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match shown.take() {
            Some(shown) => shown,
            None => self.read()?,
        };
        let mut now = before.clone();
        now.update(counted);
        if now != before {
            self.write(&now)?;
        }
        let series = now.series.iter().map(|(names, series)| (names.clone(), series.shown()));
        let series = series.collect();
        *shown = Some(now);
        Ok(series)
    }

    fn read(&self) -> io::Result<Shown> {
        match std::fs::read(&self.path) {
            // One that cannot be read is as none: scrapers then see the counters begin anew.
            Ok(text) => Ok(serde_json::from_slice(&text).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Shown::default()),
            Err(error) => Err(error),
        }
    }

    /// Writes it whole or not at all. Nobody counts on it after a power loss.
    fn write(&self, shown: &Shown) -> io::Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec(shown)?)?;
        file.persist(&self.path)?;
        Ok(())
    }
}

impl Shown {
    fn update(&mut self, mut held: BTreeMap<Names, Numbers>) {
        let others = [(); 3].map(|()| OTHERS.to_owned());
        for (names, series) in self.series.iter_mut().filter(|(names, _)| *names != others) {
            series.hold(&held.remove(names).unwrap_or_default());
        }
        let mut rest = Numbers::default();
        let mut has_rest = self.series.iter().any(|(names, _)| *names == others);
        for (names, numbers) in held {
            if self.series.len() < MOST {
                self.series.push((names, Series { held: numbers, gone: Numbers::default() }));
                continue;
            }
            has_rest = true;
            rest.iter_mut().zip(numbers).for_each(|(sum, of)| *sum = sum.saturating_add(of));
        }
        if !has_rest {
            return;
        }
        match self.series.iter_mut().find(|(names, _)| *names == others) {
            Some((_, series)) => series.hold(&rest),
            None => self.series.push((others, Series { held: rest, gone: Numbers::default() })),
        }
    }
}

fn by_names(counters: Vec<Counter>) -> BTreeMap<Names, Numbers> {
    let counters = counters.into_iter();
    counters.map(|of| ([of.instance, of.provider, of.model], numbers(&of.totals))).collect()
}

fn numbers(totals: &Summary) -> Numbers {
    let cost = u64::try_from(totals.cost.picos() / 1_000).unwrap_or(u64::MAX);
    let [input, output, read, write, unclassified] = KINDS.map(|kind| totals[kind]);
    let (errors, priced) = (totals[Measure::Errors], totals[Measure::Priced]);
    [totals.requests, errors, priced, cost, input, output, read, write, unclassified]
}

pub(crate) async fn scrape(State(app): State<Arc<App>>) -> Response<Body> {
    let answered = app.ask(|app, _, limits| {
        let counters = app.counters.of(&app.store, &limits)?;
        let series = app.counters.update(by_names(counters)).map_err(Error::other)?;
        let sources = app.received.sources();
        let page = Page { series, stats: app.tracker.stats(), sources };
        let mut registry = Registry::default();
        registry.register_collector(Box::new(page));
        let mut text = String::new();
        encode(&mut text, &registry).map_err(Error::other)?;
        // One page has one end.
        let end = text.strip_suffix(END).map_or(text.len(), str::len);
        text.replace_range(end.., &app.ledger_status()?.open_metrics());
        Ok(text)
    });
    match answered.await {
        Ok(text) => answer::with(StatusCode::OK, CONTENT_TYPE, text),
        Err(why) => why.into_response(),
    }
}

/// One scrape.
#[derive(Debug)]
struct Page {
    series: Vec<(Names, Numbers)>,
    stats: Stats,
    sources: Vec<(String, Seen)>,
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counters = [
            ("usage_requests", "Requests in the ledger", None),
            ("usage_errors", "Requests that failed", None),
            ("usage_priced_requests", "Requests with a list price", None),
        ];
        for (at, (name, help, unit)) in counters.into_iter().enumerate() {
            let kind = MetricType::Counter;
            let mut family = encoder.encode_descriptor(name, help, unit, kind)?;
            for (names, numbers) in &self.series {
                family
                    .encode_family(&labels(names))?
                    .encode_counter::<NoLabelSet, _, u64>(&numbers[at], None)?;
            }
        }
        let usd = Unit::Other("usd".to_owned());
        let (name, help) = ("usage_cost", "Cost of the priced requests by list price");
        let kind = MetricType::Counter;
        let mut family = encoder.encode_descriptor(name, help, Some(&usd), kind)?;
        for (names, numbers) in &self.series {
            #[expect(clippy::cast_precision_loss, reason = "the format knows no other fractions")]
            let cost = numbers[3] as f64 / 1e9;
            family
                .encode_family(&labels(names))?
                .encode_counter::<NoLabelSet, _, u64>(&cost, None)?;
        }
        let mut family = encoder.encode_descriptor(
            "usage_tokens",
            "Tokens by disjoint kind",
            None,
            MetricType::Counter,
        )?;
        for (names, numbers) in &self.series {
            for (kind, count) in KINDS.iter().zip(&numbers[4..]) {
                family
                    .encode_family(&(labels(names), [("kind", kind.name())]))?
                    .encode_counter::<NoLabelSet, _, u64>(count, None)?;
            }
        }
        self.server(&mut encoder)
    }
}

impl Page {
    fn server(&self, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let stats = &self.stats;
        let records = [
            ("stored", stats.stored),
            ("amended", stats.amended),
            ("duplicate", stats.duplicates),
            ("refused", stats.refused),
            ("dropped", stats.dropped),
        ];
        let mut family = encoder.encode_descriptor(
            "usage_server_records",
            "Records since the server started, by what became of them",
            None,
            MetricType::Counter,
        )?;
        for (outcome, count) in records {
            family
                .encode_family(&[("outcome", outcome)])?
                .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
        let mut family = encoder.encode_descriptor(
            "usage_server_received",
            "Items since the server started, by source and by what they were",
            None,
            MetricType::Counter,
        )?;
        for (instance, seen) in &self.sources {
            let items = [
                ("record", seen.records),
                ("rejected", seen.rejected),
                ("total", seen.totals),
                ("other", seen.other),
                ("metric", seen.metrics),
            ];
            for (kind, count) in items {
                family
                    .encode_family(&[("instance", instance.as_str()), ("item", kind)])?
                    .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
            }
        }
        let gauges = [
            ("usage_server_pending_records", "Records that are not stored yet", stats.pending),
            ("usage_server_journal_records", "Records that wait in the journal", stats.in_journal),
            ("usage_server_degraded", "1 while storing or journaling fails", stats.degraded.into()),
        ];
        for (name, help, value) in gauges {
            let mut gauge = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
            gauge.encode_gauge(&value)?;
        }
        let unit = Some(&Unit::Bytes);
        let (name, help) = ("usage_server_journal", "The size of the journal");
        let mut gauge = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        gauge.encode_gauge(&stats.journal_bytes)
    }
}

fn labels(names: &Names) -> [(&'static str, &str); 3] {
    let [instance, provider, model] = names;
    [(NAMES[0], instance), (NAMES[1], provider), (NAMES[2], model)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(of: &[(&str, u64)]) -> BTreeMap<Names, Numbers> {
        let names = |model: &str| ["i".to_owned(), String::new(), model.to_owned()];
        of.iter().map(|(model, requests)| (names(model), [*requests; NUMBERS])).collect()
    }

    fn requests(shown: &Shown) -> Vec<(&str, u64)> {
        let of = shown.series.iter();
        of.map(|(names, series)| (names[2].as_str(), series.shown()[0])).collect()
    }

    #[test]
    fn what_goes_from_the_ledger_stays_in_its_counter() {
        let mut shown = Shown::default();
        for (now, expected) in [
            (held(&[("a", 5), ("b", 1)]), [("a", 5), ("b", 1)]),
            (held(&[("a", 2), ("b", 3)]), [("a", 5), ("b", 3)]),
            (held(&[("a", 4)]), [("a", 7), ("b", 3)]),
            (held(&[]), [("a", 7), ("b", 3)]),
            (held(&[("b", 1)]), [("a", 7), ("b", 4)]),
        ] {
            shown.update(now);
            assert_eq!(requests(&shown), expected);
        }
    }

    #[test]
    fn names_beyond_the_limit_are_counted_as_one() {
        let models: Vec<_> = (0..MOST + 3).map(|at| format!("m{at:05}")).collect();
        let of: Vec<_> = models.iter().map(|model| (model.as_str(), 2)).collect();
        let mut shown = Shown::default();
        shown.update(held(&of));
        assert_eq!(shown.series.len(), MOST + 1);
        assert_eq!(requests(&shown).last(), Some(&(OTHERS, 6)));
        shown.update(held(&of[..MOST + 1]));
        assert_eq!(requests(&shown).last(), Some(&(OTHERS, 6)));
        assert_eq!(shown.series.len(), MOST + 1);
    }

    #[test]
    fn counters_go_on_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("usage.db");
        let update = |requests: u64| {
            Counters::beside(&ledger).update(held(&[("m", requests)])).unwrap()[0].1[0]
        };
        assert_eq!([update(7), update(3), update(4)], [7, 7, 8]);
    }
}
