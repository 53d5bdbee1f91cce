//! One ledger: a while of faults, then quiet, and a look at what it holds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use driver::{DEADLINE, Gateway, integrity, recover};
use fastrand::Rng;
use tempfile::TempDir;

use crate::accounts::{Ended, add_up, check};
use crate::fleet::{Fleet, pick};
use crate::hands::Hands;
use crate::tally::Tally;

/// The times that a shutdown may take, in milliseconds.
const DEADLINES: [u64; 4] = [0, 10, 200, 10_000];

pub(crate) struct Epoch<'a> {
    random: Rng,
    tally: &'a mut Tally,
    folder: TempDir,
    gateway: PathBuf,
    hands: Hands,
    fleet: Fleet,
    ended: Vec<Ended>,
    /// Nobody is killed and only gateways store anything, so that the sums are known.
    is_complete: bool,
    /// The number of records that were stored here, by nobody's gateway.
    recovered: u64,
}

impl<'a> Epoch<'a> {
    pub(crate) fn new(mut random: Rng, tally: &'a mut Tally) -> Result<Self> {
        // They are built together.
        let this = std::env::current_exe()?;
        let beside = |name| this.with_file_name(name);
        let folder = tempfile::Builder::new().prefix("usage-soak-").tempdir()?;
        let hands = Hands::new(&beside("usage-under-test"), folder.path());
        let (gateway, is_complete) = (beside("gateway-under-test"), random.u8(0..3) == 0);
        let (fleet, ended) = (Fleet::default(), Vec::new());
        Ok(Self { random, tally, folder, gateway, hands, fleet, ended, is_complete, recovered: 0 })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves the folder for somebody to look into.
    pub(crate) fn keep(&mut self) {
        self.folder.disable_cleanup(true);
    }

    fn ledger(&self) -> PathBuf {
        self.folder().join("usage.db")
    }

    /// Answers a line about it.
    pub(crate) fn run(&mut self, time: Duration) -> Result<String> {
        self.prepare()?;
        let begun = Instant::now();
        while begun.elapsed() < time {
            self.round()?;
            self.tally.rounds += 1;
            let pause = self.random.u64(0..150);
            // sleep: faults come at random moments.
            thread::sleep(Duration::from_millis(pause));
        }
        self.settle()
    }

    /// Makes the ledger, with both folders for journals written down: a gateway that could not do
    /// that while the ledger is locked would begin without a journal.
    fn prepare(&self) -> Result<()> {
        fs::create_dir(self.folder().join("elsewhere"))?;
        let mut command = Command::new(&self.gateway);
        command.current_dir(self.folder()).args(["--ledger", "usage.db"]);
        command.args(["--journal-folder", "elsewhere/journal"]);
        let report = Gateway::ready(&mut command)?.stop(DEADLINE)?;
        ensure!(report.is_clean, "a quiet gateway: {report:?}");
        Ok(())
    }

    /// One thing happens.
    fn round(&mut self) -> Result<()> {
        let Self { random, tally, fleet, hands, .. } = self;
        let folder = self.folder.path();
        match random.u8(0..100) {
            _ if fleet.is_empty() => fleet.start(&self.gateway, folder, random, tally),
            0..30 if !fleet.is_full() => fleet.start(&self.gateway, folder, random, tally),
            30..50 if !self.is_complete => {
                self.ended.push(fleet.kill(random, tally)?);
                Ok(())
            }
            30..60 => {
                let deadline = Duration::from_millis(*pick(random, &DEADLINES));
                self.ended.push(fleet.stop(deadline, random, tally)?);
                Ok(())
            }
            60..75 => {
                let most = *pick(random, &[20, 500, 3_000]);
                let time = Duration::from_millis(random.u64(0..most));
                tally.locks += u64::from(hands.lock(time)?);
                Ok(())
            }
            75..80 => self.recover(),
            80..85 if !self.is_complete => {
                tally.commands += 1;
                hands.vacuum()
            }
            85..90 if !self.is_complete => {
                tally.prunes += 1;
                hands.prune()
            }
            90..98 => {
                tally.reports += 1;
                hands.report()
            }
            98..100 => {
                tally.reports += 1;
                hands.doctor().map(drop)
            }
            _ => Ok(()),
        }
    }

    fn recover(&mut self) -> Result<()> {
        let stats = recover(&self.ledger())?;
        self.recovered += stats.recovered.stored;
        Ok(())
    }

    /// All end, the last journals are stored, and everything is looked at.
    fn settle(&mut self) -> Result<String> {
        while !self.fleet.is_empty() {
            let (random, tally) = (&mut self.random, &mut *self.tally);
            let is_killed = !self.is_complete && random.bool();
            self.ended.push(if is_killed {
                self.fleet.kill(random, tally)?
            } else {
                self.fleet.stop(Duration::from_millis(200), random, tally)?
            });
        }
        self.hands.unlocked()?;
        self.recover()?;
        let again = recover(&self.ledger())?.recovered.stored;
        ensure!(again == 0, "{again} records were recovered again");
        let audit = check(&self.ledger(), &self.ended)?;
        let rows = audit.total();
        add_up(rows, self.recovered, &self.ended, self.is_complete)?;
        self.tally.complete += u64::from(self.is_complete);
        integrity(&self.ledger())?;
        let doctor = self.hands.doctor()?;
        ensure!(!doctor.contains("Journals"), "the doctor finds something: {doctor}");
        // A kill in the middle of a write leaves a torn piece of what nobody was promised.
        let is_whole = !self.is_complete || !doctor.contains("Set aside");
        ensure!(is_whole, "the doctor finds something: {doctor}");
        for journal in ["usage.db.journal", "elsewhere/journal"] {
            let folder = self.folder().join(journal);
            ensure!(!folder.exists(), "{journal} is still there");
        }
        let recovered: u64 = self.ended.iter().map(|gateway| gateway.recovered).sum();
        self.tally.records += rows;
        self.tally.recovered += recovered + self.recovered;
        let gateways = self.ended.len();
        let bytes = self.ledger().metadata().context("the ledger")?.len();
        Ok(format!(
            "epoch {}: {gateways} gateways, {rows} records, {bytes} bytes: all there, once",
            self.tally.epochs
        ))
    }
}
