//! The records that are measured: a year of 400 label sets, some far busier than others.

use anyhow::Result;
use usage_core::{EventId, LabelNames, Labels, Record, Timestamp, TokenCounts, Usage};

/// 2025-06-01T00:00:00Z, and a year, in microseconds.
const START: i64 = 1_748_736_000_000_000;
const YEAR: i64 = 365 * 86_400 * 1_000_000;

const LABEL_SETS: usize = 400;

/// A fast generator of numbers that look random, the same in each run (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed ^ 0x9E37_79B9_7F4A_7C15)
    }

    pub(crate) const fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    const fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Mostly small, seldom large: the shape of token counts.
    const fn skewed(&mut self, max: u64) -> u64 {
        let bits = self.below(64 - max.leading_zeros() as u64) + 1;
        let value = self.below(1 << bits);
        if value > max { max } else { value }
    }
}

/// `rows` records in the order of time, the same in each run.
pub(crate) fn records(rows: usize, with_event_ids: bool) -> Result<Vec<Record>> {
    stream(rows, with_event_ids)?.collect()
}

/// As [`records`], one by one: ten million are too many to be held more than once.
pub(crate) fn stream(
    rows: usize,
    with_event_ids: bool,
) -> Result<impl Iterator<Item = Result<Record>>> {
    let labels = label_sets()?;
    let by_rank = zipf(labels.len());
    let mut random = Random::new(42);
    let step = YEAR / i64::try_from(rows.max(1))?;
    Ok((0..rows).map(move |row| {
        let rank = by_rank[usize::try_from(random.below(by_rank.len() as u64))?];
        let jitter = random.below(u64::try_from(step.max(1))?);
        let at = START + step * i64::try_from(row)? + i64::try_from(jitter)?;
        let tokens = TokenCounts::new()
            .with_input(random.skewed(8_000))
            .with_output(random.skewed(4_000))
            .with_cache_read(random.skewed(150_000))
            .with_cache_write(random.skewed(20_000));
        let fallbacks = u32::from(random.below(50) == 0);
        let at = Timestamp::from_micros(at);
        let record = Record::new(
            labels[rank].clone(),
            Usage::new(tokens, at).with_fallbacks(fallbacks.into()),
        )?;
        if with_event_ids {
            let id = format!("req_{:016x}{:08x}", random.next(), random.below(1 << 32));
            return Ok(record.with_event_id(EventId::new(id)?));
        }
        Ok(record)
    }))
}

fn label_sets() -> Result<Vec<Labels>> {
    const PROFILES: [&str; 4] = ["", "work", "cheap", "experiments"];
    const PROVIDERS: [&str; 5] = ["anthropic", "openai", "google", "deepseek", "openrouter"];
    const ROUTES: [&str; 5] = ["default", "think", "background", "longContext", "webSearch"];
    (0..LABEL_SETS)
        .map(|set| {
            let instance = format!("gateway-{:02}", set % 10);
            let model = format!("model-{}-2026-{:02}", set / 100, set % 7 + 1);
            let names = LabelNames::new()
                .with_instance(&instance)
                .with_profile(PROFILES[set / 10 % 4])
                .with_provider(PROVIDERS[set / 40 % 5])
                .with_route(ROUTES[set % 5])
                .with_model(&model);
            Ok(Labels::new(names)?)
        })
        .collect()
}

/// A table from which an even draw is Zipf's: the set of rank r comes up 1/r times as often as
/// the first.
fn zipf(sets: usize) -> Vec<usize> {
    const DRAWS: usize = 65_536;
    let total: f64 = (1..=sets).map(|rank| 1.0 / crate::rounds::as_float(rank)).sum();
    let mut table = Vec::with_capacity(DRAWS + sets);
    for rank in 1..=sets {
        let share = crate::rounds::as_float(DRAWS) / (crate::rounds::as_float(rank) * total);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 65,536")]
        let times = (share.round() as usize).max(1);
        table.extend(std::iter::repeat_n(rank - 1, times));
    }
    table
}
