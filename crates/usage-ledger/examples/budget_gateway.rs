//! A gateway that refuses when a hard budget is spent: eight threads share one gate, which knows what the ledger holds,
//! what the tracker has not stored yet, and what is under way.
//!
//! ```text
//! cargo run -p usage-ledger --example budget_gateway
//! ```
#![allow(clippy::print_stdout, reason = "an example for the terminal; its test prints nothing")]

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use usage_core::budget::{Amount, Budget, Gate, Per, Refused, Request, Unpriced};
use usage_core::pricing::Billed;
use usage_ledger::{
    Clock, LabelNames, Labels, Record, Store, SystemClock, TokenCounts, Tracker, Usage,
};

/// A gateway, as its threads share it.
pub(crate) struct Gateway {
    gate: Gate,
    tracker: Tracker,
    store: Store,
    clock: SystemClock,
}

/// What the provider answers is this long, in tokens.
pub(crate) const ANSWER: u64 = 70;

impl Gateway {
    /// Takes the budgets from the ledger, and what is spent of them.
    pub(crate) fn new(store: Store) -> Result<Self, Box<dyn Error>> {
        let clock = SystemClock::new();
        // The books that the ledger prices by. Nothing whose price nobody knows is let through to a hard budget.
        let prices = (store.prices().list()?, Unpriced::Refuse);
        let gate = Gate::new(&store, store.budgets().list()?, prices, clock.now())?;
        let tracker = Tracker::builder().start(store.clone())?;
        Ok(Self { gate, tracker, store, clock })
    }

    /// Answers a request, or refuses it. Who knows how long the answer can get says so, and never gets past a budget.
    pub(crate) fn handle(
        &self,
        at_most: Option<u64>,
    ) -> Result<Result<u64, Box<Refused>>, Box<dyn Error>> {
        let names = LabelNames::new()
            .with_instance("gateway")
            .with_provider("anthropic")
            .with_route("main")
            .with_model("claude-sonnet-4-5");
        let mut request = Request::new(names, self.clock.now());
        if let Some(output) = at_most {
            request = request.at_most(Billed { output, ..Billed::default() });
        }
        let permit = match self.gate.admit(&request) {
            Ok(permit) => permit,
            Err(refused) => return Ok(Err(refused)),
        };
        // Here the provider works. A permit that is dropped, as by an early return, counts nothing.
        // sleep: stands for the provider.
        thread::sleep(Duration::from_micros(200));
        let tokens = TokenCounts::new().with_output(ANSWER);
        let record = Record::new(Labels::new(names)?, Usage::new(tokens, self.clock.now()))?;
        // First to the tracker and then to the gate, so that it is never in neither.
        self.tracker.record(record.clone())?;
        permit.settle(&record, &self.tracker);
        Ok(Ok(ANSWER))
    }

    /// Looks what others have recorded: every second or so, in a thread of its own.
    pub(crate) fn refresh(&self) -> Result<(), Box<dyn Error>> {
        Ok(self.gate.refresh(&self.store, &self.tracker, self.clock.now())?)
    }

    /// Has eight threads ask until each is refused; returns how many answers they got.
    pub(crate) fn run(&self, at_most: Option<u64>) -> Result<u64, Box<dyn Error>> {
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let refreshing = scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    self.refresh().map_err(|error| error.to_string())?;
                    // sleep: the pace of refreshing.
                    thread::sleep(Duration::from_millis(1));
                }
                Ok::<_, String>(())
            });
            let ask = || {
                let mut answers = 0;
                while self.handle(at_most).map_err(|error| error.to_string())?.is_ok() {
                    answers += 1;
                }
                Ok::<_, String>(answers)
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| "a panic")?);
            let answers = joined.sum::<Result<u64, String>>();
            is_over.store(true, Ordering::Relaxed);
            refreshing.join().map_err(|_| "a panic")??;
            Ok(answers?)
        })
    }

    /// The gate, to look at.
    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// The tracker, to wait for it.
    pub(crate) fn tracker(&self) -> &Tracker {
        &self.tracker
    }
}

#[allow(dead_code, reason = "the test runs the gateway without it")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("budget-gateway-{}", std::process::id()));
    let store = usage_ledger::open(folder.join("usage.db"))?;
    let budget = Budget::new("all", Amount::Cost("1".parse()?), Per::Day)?.hard();
    store.budgets().set(&budget)?;
    let gateway = Gateway::new(store)?;
    let answers = gateway.run(Some(100))?;
    gateway.tracker().flush(Duration::from_secs(10))?;
    gateway.refresh()?;
    for state in gateway.gate().states(gateway.clock.now())? {
        println!("{answers} answers, {} of {} spent", state.spent(), state.budget.limit());
    }
    if let Err(refused) = gateway.handle(Some(100))? {
        println!("refused: {refused}");
    }
    drop(gateway);
    std::fs::remove_dir_all(folder)?;
    Ok(())
}
