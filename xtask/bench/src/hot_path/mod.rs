//! The price that a recording thread pays for `Handle::record`, the clock included, beside what it
//! would pay for a bare `try_send` of a value of that size into a flume channel.

mod measure;

use anyhow::{Result, anyhow};
use usage_store::Store;
use usage_tracker::Durability;

use self::measure::{Plan, measure};
use crate::Setup;
use crate::insert::fresh;
use crate::pace::Rate;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    for (name, durability) in
        [("journaled", Durability::Journaled), ("batched", Durability::Batched)]
    {
        println!("{name}, in front of a ledger:");
        table(setup, durability)?;
    }
    println!("  all times include reading the timer twice; net has that taken off");
    Ok(())
}

fn table(setup: &Setup, durability: Durability) -> Result<()> {
    println!(
        "  {:<9} {:>7} | {:>8} {:>8} | {:>8} {:>8} | {:>9} {:>5} {:>8} {:>9}",
        "records",
        "threads",
        "ours p50",
        "p99",
        "bare p50",
        "p99",
        "ratio p50",
        "p99",
        "net p50",
        "came back",
    );
    for rate in [Rate::PerSecond(1_000), Rate::PerSecond(50_000), Rate::FlatOut] {
        for threads in [1, 2, 8] {
            let ledger = Store::open(fresh(&setup.folder, "hot.db")?)?;
            let rounds = 2 * setup.rounds;
            let plan = Plan { durability, rate, threads, rounds, ..Plan::default() };
            let row = measure(&plan, ledger).map_err(|error| anyhow!("{error}"))?;
            println!(
                "  {rate:<9} {threads:>7} | {:>5} ns {:>5} ns | {:>5} ns {:>5} ns | {:>9.2} \
                 {:>5.2} {:>8.2} {:>9}",
                row.ours.p50,
                row.ours.p99,
                row.bare.p50,
                row.bare.p99,
                row.ratio_p50(),
                row.ratio_p99(),
                row.net_ratio_p50(),
                row.came_back,
            );
        }
    }
    Ok(())
}
