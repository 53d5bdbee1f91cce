//! A file of metrics, for collectors that read files: what was shipped, and whether the engine is there.

use std::fs;
use std::path::{Path, PathBuf};

use usage_core::Timestamp;
use usage_ship::Shipped;

use crate::error::CliError;

/// Counts since the command began, and writes them down after each look.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    file: Option<PathBuf>,
    shipped: Shipped,
    failures: u64,
    /// The last look that went well.
    last: Option<Timestamp>,
}

impl Metrics {
    /// Writes the file for the first time, since one that cannot be written is a mistake then, and none to stop for later.
    pub(super) fn begin(file: Option<&Path>) -> Result<Self, CliError> {
        let metrics = Self { file: file.map(Path::to_owned), ..Self::default() };
        metrics.write(false)?;
        Ok(metrics)
    }

    pub(super) fn succeeded(&mut self, shipped: Shipped, now: Timestamp) {
        self.shipped.passes += shipped.passes;
        self.shipped.stretches += shipped.stretches;
        self.shipped.sums += shipped.sums;
        self.shipped.records += shipped.records;
        self.last = Some(now);
        self.write_again(true);
    }

    pub(super) fn failed(&mut self) {
        self.failures += 1;
        self.write_again(false);
    }

    fn write_again(&self, is_up: bool) {
        if let Err(error) = self.write(is_up) {
            tracing::warn!("{error:?}");
        }
    }

    fn write(&self, is_up: bool) -> Result<(), CliError> {
        let Some(file) = &self.file else { return Ok(()) };
        let failed = |error: std::io::Error| {
            CliError::failed(format!("cannot write the metrics to {}: {error}", file.display()))
        };
        // Whole or not at all, for who reads it meanwhile.
        let mut beside = file.clone().into_os_string();
        beside.push(".new");
        fs::write(&beside, self.text(is_up)).map_err(failed)?;
        fs::rename(&beside, file).map_err(failed)
    }

    fn text(&self, is_up: bool) -> String {
        let mut text = String::new();
        let mut metric = |name: &str, kind: &str, help: &str, value: String| {
            let of = format!("usage_ship_{name}");
            text += &format!("# HELP {of} {help}\n# TYPE {of} {kind}\n{of} {value}\n");
        };
        metric("up", "gauge", "1 if the last look went well.", u8::from(is_up).to_string());
        if let Some(last) = self.last {
            let seconds = last.as_micros().div_euclid(1_000_000).to_string();
            metric(
                "last_success_timestamp_seconds",
                "gauge",
                "When a look went well last.",
                seconds,
            );
        }
        let Shipped { passes, stretches, sums, records, .. } = self.shipped;
        for (name, help, value) in [
            ("failures_total", "Looks that did not go well.", self.failures),
            ("passes_total", "Passes in which something was sent.", passes),
            ("stretches_total", "Stretches of time that were replaced.", stretches),
            ("sums_total", "Rows of sums that were sent.", sums),
            ("records_total", "Records that were sent.", records),
        ] {
            metric(name, "counter", help, value.to_string());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_away_is_told_and_counted() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ship.prom");
        let mut metrics = Metrics::begin(Some(&file)).unwrap();
        metrics.succeeded(Shipped::default(), Timestamp::from_micros(7_900_000));
        metrics.failed();
        let text = fs::read_to_string(&file).unwrap();
        for line in [
            "usage_ship_up 0",
            "usage_ship_last_success_timestamp_seconds 7",
            "usage_ship_failures_total 1",
        ] {
            assert!(text.lines().any(|of| of == line), "{line}: {text}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside");
        assert!(Metrics::begin(Some(&folder.path().join("none/ship.prom"))).is_err());
    }
}
