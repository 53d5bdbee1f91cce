//! The gateways that run, and what is known of those that have ended.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use driver::Gateway;
use fastrand::Rng;

use crate::accounts::{Ended, Fate};
use crate::tally::Tally;

/// So many run at once at most.
const MOST: usize = 6;

/// The gateways of one epoch.
#[derive(Default)]
pub(crate) struct Fleet {
    running: Vec<Running>,
    started: u64,
}

struct Running {
    gateway: Gateway,
    name: String,
    in_order: bool,
}

impl Fleet {
    pub(crate) fn is_full(&self) -> bool {
        self.running.len() >= MOST
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// Starts another one, with settings at random.
    pub(crate) fn start(
        &mut self,
        program: &Path,
        folder: &Path,
        random: &mut Rng,
        tally: &mut Tally,
    ) -> Result<()> {
        let name = format!("g{}", self.started);
        let threads = if random.u8(0..3) > 0 { 1 } else { random.u64(2..5) };
        let overflow = *pick(random, &["wait:60000", "wait:60000", "wait:60000", "return", "drop"]);
        let rate = *pick(random, &["50", "200", "1000", "10000", "flat"]);
        // As fast as it goes it shall end some time; so many fit into a journal.
        let records = if rate == "flat" { random.u64(1..400_000) } else { 10_000_000 };
        let mut command = Command::new(program);
        command.current_dir(folder).args(["--ledger", "usage.db", "--instance", &name]);
        command.args(["--rate", rate, "--overflow", overflow]);
        for (setting, value) in [("--records", records), ("--threads", threads)] {
            command.args([setting, &value.to_string()]);
        }
        // Zero is the default.
        for (setting, values) in [
            ("--busy-timeout", ["5", "200", "5000"]),
            ("--capacity", ["0", "100", "5000"]),
            ("--buffer-size", ["0", "1", "100"]),
            ("--max-batch", ["0", "0", "1000"]),
            ("--segment-bytes", ["1", "1000000", "4194304"]),
        ] {
            command.args([setting, *pick(random, &values)]);
        }
        if random.u8(0..3) == 0 {
            command.args(["--journal-folder", "elsewhere/journal"]);
        }
        let gateway = Gateway::ready(&mut command).with_context(|| format!("{command:?}"))?;
        let in_order = threads == 1 && overflow == "wait:60000";
        self.running.push(Running { gateway, name, in_order });
        self.started += 1;
        tally.gateways += 1;
        Ok(())
    }

    /// Kills one.
    pub(crate) fn kill(&mut self, random: &mut Rng, tally: &mut Tally) -> Result<Ended> {
        let Running { gateway, name, in_order } = self.one(random);
        let seen = gateway.kill().with_context(|| name.clone())?;
        tally.kills += 1;
        tally.snapshots += seen.snapshots;
        Ok(Ended {
            name,
            in_order,
            safe: seen.watermark,
            recovered: seen.stats.recovered.stored,
            fate: Fate::Killed,
        })
    }

    /// Has one shut down within so long.
    pub(crate) fn stop(
        &mut self,
        deadline: Duration,
        random: &mut Rng,
        tally: &mut Tally,
    ) -> Result<Ended> {
        let Running { gateway, name, in_order } = self.one(random);
        tally.snapshots += gateway.seen().snapshots;
        let report = gateway.stop(deadline).with_context(|| name.clone())?;
        let stats = &report.stats;
        ensure!(report.is_safe && stats.is_balanced(), "{name} is not safe: {report:?}");
        tally.shutdowns += 1;
        tally.unfinished += u64::from(!report.is_clean);
        Ok(Ended {
            name,
            in_order,
            safe: stats.stored + stats.in_journal,
            recovered: stats.recovered.stored,
            fate: Fate::Stopped { stored: stats.stored, finished: report.finished },
        })
    }

    fn one(&mut self, random: &mut Rng) -> Running {
        let which = random.usize(0..self.running.len());
        self.running.swap_remove(which)
    }
}

pub(crate) fn pick<'a, T>(random: &mut Rng, all: &'a [T]) -> &'a T {
    &all[random.usize(0..all.len())]
}
