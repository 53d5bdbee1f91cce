//! Measurements beside a yardstick in the same run: `cargo xtask bench [WHAT...]`.
//!
//! Machines are shared and noisy, so what is shown are ratios: the two sides take turns, and the
//! median of the rounds' ratios is given with the smallest and the largest. Where there is no
//! other side, a control does the same without us.
#![expect(clippy::print_stdout, reason = "a tool for the terminal")]

mod agents;
mod calls;
mod child;
mod command;
mod commits;
mod disk_full;
mod figures;
mod full;
mod gate;
mod hot_path;
mod ids;
mod insert;
mod journal_codec;
mod kills;
mod limit;
mod locked;
mod meter;
mod names;
mod numbered;
mod pace;
mod process;
mod pruning;
mod reprice;
mod roles;
mod rounds;
mod sessions;
mod setup;
mod space;
mod sustained;
mod synced;
mod versus;
mod workload;
mod writers;
mod written;
mod yardstick;

use anyhow::{Context, Result};

use crate::setup::Setup;

/// Rows of the parts that only insert or report.
const ROWS: usize = 1_000_000;

/// A part's name, and what measures and prints it.
type Part = (&'static str, fn(&Setup) -> Result<()>);

const PARTS: &[Part] = &[
    ("insert", insert::run),
    ("limit", limit::run),
    ("record", command::record),
    ("report", command::report),
    ("space", space::run),
    ("hot-path", hot_path::run),
    ("sustained", sustained::run),
    ("synced", synced::run),
    ("kills", kills::run),
    ("locked", locked::run),
    ("disk-full", disk_full::run),
    ("writers", writers::run),
    ("pruning", pruning::run),
    ("reprice", reprice::run),
    ("names", names::run),
    ("sessions", sessions::run),
    ("written", written::run),
    ("journal-codec", journal_codec::run),
    ("meter", meter::run),
    ("gate", gate::run),
    (IDS, ids::run),
    (FULL, full::run),
];

/// Take long, and are left out unless they are asked for.
const IDS: &str = "ids";
const FULL: &str = "full";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = arguments.split_first() {
        match first.as_str() {
            child::MEASURE => return child::measure_here(rest),
            roles::TASK => return roles::run(rest),
            agents::AGENTS => return agents::run(rest),
            versus::VERSUS => return versus::run(rest),
            _ => {}
        }
    }
    let parts: Vec<_> = PARTS.iter().map(|(name, _)| *name).collect();
    let (setup, wanted) = Setup::parse(&arguments, &parts)?;
    std::fs::create_dir_all(&setup.folder)?;
    println!("{} rows where a part has no number of its own", setup.rows(ROWS));
    println!("{} rounds of sides that take turns", setup.rounds);
    for (name, part) in PARTS {
        if wanted.contains(name) || (wanted.is_empty() && ![IDS, FULL].contains(name)) {
            println!("\n== {name}   ({})", load());
            part(&setup).with_context(|| format!("while measuring {name}"))?;
        }
    }
    Ok(())
}

/// Returns the load of the machine without us.
fn load() -> String {
    let averages = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let last_minute = averages.split(' ').next().unwrap_or_default();
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    format!("load before: {last_minute} on {processors} processors")
}
