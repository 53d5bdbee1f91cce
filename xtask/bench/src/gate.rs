//! What a gate of budgets costs a request: asking it, and settling the permit, by one thread and by eight at a time.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Result, ensure};
use usage_core::budget::{Amount, Budget, Gate, Per, Request, Unpriced};
use usage_core::pricing::Billed;
use usage_core::{Filter, Label, LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};
use usage_prices::ShippedPrices;
use usage_store::StoreOptions;

use crate::Setup;
use crate::figures::{Latencies, aim, time};
use crate::insert::fresh;

/// Requests of each thread.
const REQUESTS: usize = 200_000;
/// A day in 2026.
const NOW: Timestamp = Timestamp::from_micros(1_777_787_761_000_000);
/// What a request may take of a gateway's time.
const AIM: u64 = 10_000;

const NAMES: LabelNames<'_> = LabelNames::new()
    .with_instance("gateway")
    .with_provider("anthropic")
    .with_route("main")
    .with_model("claude-sonnet-4-5");

pub(crate) fn run(setup: &Setup) -> Result<()> {
    println!("  {:<28} {:>10} {:>10}   admit and settle", "budgets, threads", "p50", "p99");
    for budgets in [1, 10] {
        for threads in [1, 8] {
            let taken = measure(setup, budgets, threads)?;
            println!(
                "  {:<28} {:>10} {:>10}",
                format!("{budgets}, {threads}"),
                time(taken.median()),
                time(taken.p99())
            );
            if threads == 1 {
                let what = format!("{budgets} budgets: 10 us at p99");
                aim(&what, taken.p99() <= AIM, &time(taken.p99()));
            }
        }
    }
    Ok(())
}

fn measure(setup: &Setup, count: usize, threads: usize) -> Result<Latencies> {
    let options = StoreOptions::default().with_pricing(Arc::new(ShippedPrices));
    let store = options.open(fresh(&setup.folder, "gate.db")?)?;
    let budgets = (0..count).map(|number| {
        let limit = Amount::Cost("1000000".parse()?);
        let budget = Budget::new(format!("budget {number}"), limit, Per::Month)?;
        // Every second one is of this model alone.
        let filter = match number % 2 {
            0 => Filter::new(),
            _ => Filter::new().keeping(Label::Model, "claude-sonnet-4-5"),
        };
        Ok(budget.of(filter).hard())
    });
    let budgets = budgets.collect::<Result<Vec<_>>>()?;
    let gate = Gate::new(&store, budgets, (store.prices().list()?, Unpriced::Admit), NOW)?;
    let usage = Usage::new(TokenCounts::new().with_output(70), NOW);
    let record = Record::new(Labels::new(NAMES)?, usage)?;
    let request = Request::new(NAMES, NOW).at_most(Billed { output: 100, ..Billed::default() });
    let ask = || -> Result<Vec<u64>> {
        let mut taken = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
            let start = Instant::now();
            let permit = gate.admit(&request);
            ensure!(permit.is_ok(), "a request was refused");
            if let Ok(permit) = permit {
                permit.settle(&record, &());
            }
            taken.push(u64::try_from(start.elapsed().as_nanos())?);
        }
        Ok(taken)
    };
    let taken = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(ask)).collect();
        let mut all = Vec::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| anyhow::anyhow!("a thread panicked"))??);
        }
        Ok::<_, anyhow::Error>(all)
    })?;
    Ok(Latencies::of(taken))
}
