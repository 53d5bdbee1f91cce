//! Recording while the ledger's disk is full, on small disks of our own.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use usage_core::format::format_count;
use usage_core::{Filter, TimeRange};
use usage_store::StoreOptions;
use usage_tracker::{Durability, Tracker};

use crate::calls::timed;
use crate::figures::aim;
use crate::numbered::Numbered;
use crate::pace::Rate;
use crate::{Setup, roles};

const RATE: Rate = Rate::PerSecond(1_000);
const LONG: Duration = Duration::from_secs(60);
/// A name space of our own, in which anybody may mount.
const UNSHARE: [&str; 2] = ["unshare", "-Urm"];

/// The place where the journal is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Journal {
    SameDisk,
    OtherDisk,
    None,
}

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let [unshare, flags] = UNSHARE;
    if !Command::new(unshare).args([flags, "true"]).status().is_ok_and(|status| status.success()) {
        println!("  !!! NOT MEASURED: `{unshare} {flags}`, for a small disk, is not allowed here");
        return Ok(());
    }
    let folder = std::path::absolute(&setup.folder)?.join("disks");
    std::fs::create_dir_all(&folder)?;
    let seconds = setup.seconds(5).as_secs().to_string();
    let task = roles::command("fill-disks", &[folder.to_str().context("UTF-8")?, &seconds])?;
    let status =
        Command::new(unshare).arg(flags).arg(task.get_program()).args(task.get_args()).status()?;
    ensure!(status.success(), "with the small disks: {status}");
    Ok(())
}

/// Mounts small disks and records while one is full. What is mounted is gone with the process.
pub(crate) fn fill_disks(arguments: &[String]) -> Result<()> {
    let [folder, seconds] = arguments else { anyhow::bail!("FOLDER SECONDS") };
    let (folder, full) = (Path::new(folder), Duration::from_secs(seconds.parse()?));
    println!(
        "the ledger's disk of 32 MB is full for {full:?}, at {RATE}, a second before and after"
    );
    println!(
        "  {:<26} {:>8} {:>9} {:>9} {:>13} {:>9} {:>6}",
        "", "offered", "accepted", "returned", "failed tries", "stored", "lost"
    );
    let mut worst = 0;
    for (name, journal) in [
        ("journal on the same disk", Journal::SameDisk),
        ("journal on another disk", Journal::OtherDisk),
        ("control: no journal", Journal::None),
    ] {
        let [ledger, other] = ["ledger", "journal"].map(|name| folder.join(name));
        let disks = [Disk::mount(&ledger, "32m")?, Disk::mount(&other, "32m")?];
        let lost = one(name, journal, &ledger, &other, full)?;
        if journal != Journal::None {
            worst = worst.max(lost);
        }
        drop(disks);
    }
    aim("no accepted record lost", worst == 0, &worst.to_string());
    Ok(())
}

fn one(name: &str, journal: Journal, disk: &Path, other: &Path, full: Duration) -> Result<u64> {
    let mut options = StoreOptions::default();
    options.journal_folder = (journal == Journal::OtherDisk).then(|| other.join("j"));
    let durability =
        if journal == Journal::None { Durability::Batched } else { Durability::Journaled };
    let store = options.open(disk.join("usage.db"))?;
    let tracker = Tracker::builder().durability(durability).start(store.clone())?;
    let source = Numbered::of(0)?;
    let (second, start) = (Duration::from_secs(1), Instant::now());
    let time = full + 2 * second;
    let calls = thread::scope(|scope| {
        let recording = scope.spawn(|| {
            let record = |record| tracker.record(record).is_ok();
            timed(RATE, time, &source, || start.elapsed() >= time, record)
        });
        // sleep: first it works for a while.
        thread::sleep(second);
        fill(&disk.join("ballast"), start + second + full)?;
        recording.join().ok().context("a panic while recording")?
    })?;
    let failed = tracker.stats().retries;
    tracker.flush(LONG)?;
    let end = tracker.shutdown(LONG);
    ensure!(end.is_clean(), "not clean: {:?}", end.stats);
    let stored = store.report(TimeRange::ALL, &Filter::default())?.summary().requests;
    let (offered, accepted) = (calls.count(), calls.accepted);
    let lost = accepted.saturating_sub(stored);
    println!(
        "  {name:<26} {:>8} {:>9} {:>9} {failed:>13} {:>9} {lost:>6}",
        format_count(offered),
        format_count(accepted),
        format_count(end.stats.returned),
        format_count(stored),
    );
    ensure!(stored <= accepted, "{} records too many are stored", stored - accepted);
    Ok(lost)
}

/// Takes all the space that there is until then, and gives it back.
fn fill(path: &Path, until: Instant) -> Result<()> {
    let mut file: File = OpenOptions::new().create(true).append(true).open(path)?;
    let block = vec![7; 4_096];
    while Instant::now() < until {
        if file.write_all(&block).is_err() {
            // sleep: what others give up meanwhile is taken soon.
            thread::sleep(Duration::from_millis(5));
        }
    }
    Ok(std::fs::remove_file(path)?)
}

/// A small disk, until it is dropped.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(place: &'a Path, size: &str) -> Result<Self> {
        std::fs::create_dir_all(place)?;
        let size = format!("size={size}");
        let mount = ["-t", "tmpfs", "-o", &size, "none"];
        let status = Command::new("mount").args(mount).arg(place).status()?;
        ensure!(status.success(), "mount: {status}");
        Ok(Self(place))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        // What is still mounted goes with the name space.
        let _ = Command::new("umount").arg(self.0).status();
    }
}
