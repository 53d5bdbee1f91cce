//! A status as OpenMetrics, for Prometheus and the like.

use std::fmt::Write as _;

use usage_core::Timestamp;

use super::{Attention, Status};

/// Collects families of metrics, each of one gauge.
struct Metrics(String);

impl Metrics {
    fn family(&mut self, name: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# TYPE usage_ledger_{name} gauge");
        for unit in ["bytes", "seconds"] {
            if name.ends_with(&format!("_{unit}")) {
                let _ = writeln!(self.0, "# UNIT usage_ledger_{name} {unit}");
            }
        }
        let _ = writeln!(self.0, "# HELP usage_ledger_{name} {help}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl Into<Option<u64>>) {
        if let Some(value) = value.into() {
            self.family(name, help);
            let _ = writeln!(self.0, "usage_ledger_{name} {value}");
        }
    }

    fn labelled(&mut self, name: &str, help: &str, label: &str, values: &[(&str, u64)]) {
        self.family(name, help);
        for (of, value) in values {
            let _ = writeln!(self.0, "usage_ledger_{name}{{{label}=\"{of}\"}} {value}");
        }
    }

    fn instant(&mut self, name: &str, help: &str, at: Option<Timestamp>) {
        if let Some(at) = at {
            self.family(name, help);
            let (seconds, micros) =
                (at.as_micros().div_euclid(1_000_000), at.as_micros().rem_euclid(1_000_000));
            let _ = writeln!(self.0, "usage_ledger_{name} {seconds}.{micros:06}");
        }
    }
}

impl Status {
    /// Returns it as a page of OpenMetrics, whose content type is
    /// `application/openmetrics-text; version=1.0.0; charset=utf-8`. There is a series for each reason to look, and no
    /// label that a client chooses.
    #[must_use]
    pub fn open_metrics(&self) -> String {
        let mut page = Metrics(String::new());
        let attention: Vec<_> = Attention::ALL
            .into_iter()
            .map(|of| (of.as_str(), u64::from(self.attention.contains(&of))))
            .collect();
        page.labelled("attention", "Whether there is a reason to look.", "reason", &attention);
        let version = u64::try_from(self.schema_version).unwrap_or(0);
        page.gauge("schema_version", "The version of the schema.", version);
        let (size, content) = (&self.size, &self.content);
        page.gauge("file_bytes", "The size of the file.", size.file_bytes);
        page.gauge("log_bytes", "The size of the write-ahead log.", size.log_bytes);
        page.gauge("free_bytes", "What holds nothing within the file.", size.free_bytes);
        page.gauge("disk_free_bytes", "What the disk has free.", size.disk_free_bytes);
        page.gauge("requests", "Requests that the ledger holds.", content.requests);
        page.gauge("tokens", "Tokens that the ledger holds.", content.tokens);
        page.gauge("requests_of_day", "Requests of the last 24 hours.", content.requests_of_day);
        page.gauge("requests_of_week", "Requests of the last 7 days.", content.requests_of_week);
        page.instant("newest_timestamp_seconds", "The newest record.", content.newest);
        page.gauge(
            "folded_label_sets",
            "Combinations of names counted under (other), by month.",
            content.folded_label_sets,
        );
        let quality = &self.quality;
        page.labelled(
            "requests_by_quality",
            "Requests whose numbers are less sure than others.",
            "quality",
            &[
                ("partial", quality.partial),
                ("estimated", quality.estimated),
                ("inconsistent", quality.inconsistent),
                ("unpriced", quality.unpriced),
                ("elsewhere", quality.elsewhere),
            ],
        );
        let backlog = &self.backlog;
        page.labelled(
            "backlog_records",
            "Records that wait in journals.",
            "programs",
            &[("stopped", backlog.of_stopped), ("running", backlog.of_running)],
        );
        page.labelled(
            "backlog_files",
            "Files of journals that this program does not store.",
            "state",
            &[
                ("foreign", backlog.foreign),
                ("newer", backlog.newer),
                ("unreadable", backlog.unreadable),
                ("inaccessible", backlog.inaccessible),
            ],
        );
        page.gauge("backlog_bytes", "The size of all journals.", backlog.bytes);
        page.gauge(
            "quarantine_records",
            "Records that were refused and kept.",
            self.quarantine.records,
        );
        page.gauge(
            "quarantine_overflow",
            "Records that were refused and found no room.",
            self.quarantine.overflow,
        );
        page.gauge(
            "quarantine_pieces",
            "Pieces of journals that could not be read.",
            self.quarantine.pieces,
        );
        page.instant(
            "horizon_timestamp_seconds",
            "Older records are refused.",
            self.retention.records_from,
        );
        let last = self.last_backup.as_ref();
        page.instant("backup_timestamp_seconds", "The last copy.", last.map(|last| last.at));
        page.gauge(
            "records_since_backup",
            "Records stored since the last copy, at most.",
            last.map(|last| last.records_since),
        );
        page.0 + "# EOF\n"
    }
}
