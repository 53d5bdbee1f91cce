//! Rounds of two sides that take turns, and what they show.

use std::time::Duration;

use anyhow::Result;

/// The times that the rounds of one side took, in the order of the rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl From<Vec<Duration>> for Times {
    fn from(rounds: Vec<Duration>) -> Self {
        Self(rounds)
    }
}

impl Times {
    pub(crate) fn push(&mut self, round: Duration) {
        self.0.push(round);
    }

    pub(crate) fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }

    /// Returns the number of `count` things that the median round did a second.
    pub(crate) fn per_second(&self, count: usize) -> f64 {
        as_float(count) / self.median().as_secs_f64()
    }
}

/// Ratios, round by round.
#[derive(Clone, Debug)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// Returns the number of times by which the other side took longer, round by round.
pub(crate) fn ratio(other: &Times, ours: &Times) -> Ratio {
    let mut ratios: Vec<f64> = other
        .0
        .iter()
        .zip(&ours.0)
        .map(|(other, ours)| other.as_secs_f64() / ours.as_secs_f64())
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    Ratio { median: ratios[ratios.len() / 2], min: ratios[0], max: ratios[ratios.len() - 1] }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} times ({:.1} to {:.1})", self.median, self.min, self.max)
    }
}

/// One side of a comparison: does the work once and says how long the part that counts took.
pub(crate) type Side<'a> = &'a mut dyn FnMut() -> Result<Duration>;

/// Lets the sides take turns, `rounds` times.
pub(crate) fn interleaved(rounds: usize, sides: &mut [Side<'_>]) -> Result<Vec<Times>> {
    let mut times = vec![Times::default(); sides.len()];
    for _ in 0..rounds {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            times.0.push(side()?);
        }
    }
    Ok(times)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(crate) fn as_float(count: usize) -> f64 {
    count as f64
}
