//! The forms in which figures are shown.

/// A count, for dividing.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// A time in the unit that suits it.
pub(crate) fn time(nanos: u64) -> String {
    match nanos {
        0..10_000 => format!("{nanos} ns"),
        10_000..10_000_000 => format!("{:.1} us", float(nanos) / 1e3),
        10_000_000..10_000_000_000 => format!("{:.1} ms", float(nanos) / 1e6),
        _ => format!("{:.1} s", float(nanos) / 1e9),
    }
}

/// Bytes as megabytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", float(bytes) / 1e6)
}

/// Says whether an aim is met, with the number either way.
pub(crate) fn aim(what: &str, met: bool, number: &str) {
    println!("  aim: {what}: {}, {number}", if met { "met" } else { "MISSED" });
}

/// Single times, in nanoseconds and in order.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<u64>);

impl Latencies {
    pub(crate) fn of(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        Self(nanos)
    }

    pub(crate) fn median(&self) -> u64 {
        self.at(500)
    }

    /// One in a hundred takes longer.
    pub(crate) fn p99(&self) -> u64 {
        self.at(990)
    }

    /// One in a thousand takes longer.
    pub(crate) fn p999(&self) -> u64 {
        self.at(999)
    }

    pub(crate) fn max(&self) -> u64 {
        self.0.last().copied().unwrap_or(0)
    }

    fn at(&self, thousandths: usize) -> u64 {
        let index = (self.0.len() * thousandths / 1_000).min(self.0.len().saturating_sub(1));
        self.0.get(index).copied().unwrap_or(0)
    }
}
