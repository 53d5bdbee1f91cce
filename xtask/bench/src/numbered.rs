//! Records that say which they are, so that a ledger shows whether one is missing or there twice.

use anyhow::{Context, Result};
use usage_core::{
    Filter, Label, LabelNames, Labels, Record, TimeRange, Timestamp, TokenCounts, Usage,
};
use usage_store::Store;

/// 2025-06-01T00:00:00Z, in microseconds: the time of the first record of each run.
const START: i64 = 1_748_736_000_000_000;

const RUN: &str = "run-";

/// The records of one run.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    labels: Labels,
    start: i64,
}

impl Numbered {
    pub(crate) fn of(run: usize) -> Result<Self> {
        let labels = Labels::new(
            LabelNames::new()
                .with_instance(&format!("{RUN}{run}"))
                .with_profile("work")
                .with_provider("anthropic")
                .with_route("think")
                .with_model("claude-sonnet-4-5"),
        )?;
        Ok(Self { labels, start: START })
    }

    /// The same, with another time of the first record.
    pub(crate) fn starting_at(self, start: i64) -> Self {
        Self { start, ..self }
    }

    /// The record of this number: all it holds follows from it.
    pub(crate) fn record(&self, number: u64) -> Result<Record> {
        let tokens = TokenCounts::new()
            .with_input(number % 100_000)
            .with_output(number * 31 % 4_001)
            .with_cache_read(number * 17 % 150_001);
        let at = Timestamp::from_micros(self.start + i64::try_from(number)?);
        Ok(Record::new(
            self.labels.clone(),
            Usage::new(tokens, at).with_fallbacks(u32::from(number.is_multiple_of(50)).into()),
        )?)
    }
}

/// The records that a ledger has of one run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Which numbers, a bit each.
    bits: Vec<u64>,
    /// The number of different numbers.
    pub(crate) distinct: u64,
    /// The number of records that are there once more than they should be.
    pub(crate) doubled: u64,
    /// The number of records that were never recorded like that.
    pub(crate) invented: u64,
    /// The highest number, and one.
    pub(crate) end: u64,
}

impl Seen {
    fn add(&mut self, number: u64) -> Result<()> {
        let (word, bit) = (usize::try_from(number / 64)?, 1_u64 << (number % 64));
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        if self.bits[word] & bit == 0 {
            self.bits[word] |= bit;
            self.distinct += 1;
        } else {
            self.doubled += 1;
        }
        self.end = self.end.max(number + 1);
        Ok(())
    }

    fn has(&self, number: u64) -> bool {
        let word = usize::try_from(number / 64).ok().and_then(|word| self.bits.get(word));
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Returns the number of the first `count` numbers that are not there.
    pub(crate) fn missing_of(&self, count: u64) -> u64 {
        (0..count).filter(|number| !self.has(*number)).map(|_| 1).sum()
    }
}

/// Returns the records that a ledger has of each of its runs.
pub(crate) fn look_through(store: &Store, runs: usize) -> Result<Vec<Seen>> {
    let mut seen = vec![Seen::default(); runs];
    let sources = (0..runs).map(Numbered::of).collect::<Result<Vec<_>>>()?;
    for stored in store.records_by_period(TimeRange::ALL, &Filter::default()) {
        let record = stored?.record;
        let run =
            record.labels().names().get(Label::Instance).strip_prefix(RUN).map(str::parse::<usize>);
        let run = run.context("a record of no run")??;
        let (Some(source), Some(seen)) = (sources.get(run), seen.get_mut(run)) else {
            anyhow::bail!("a record of run {run}, there are only {runs}");
        };
        match u64::try_from(record.timestamp().as_micros() - START) {
            Ok(number) if source.record(number)? == record => seen.add(number)?,
            _ => seen.invented += 1,
        }
    }
    Ok(seen)
}
