//! Gateways that are killed at random moments: the owner of kills.
//!
//! Each story kills ten of them. To kill two hundred, in a run that nobody ends after a minute:
//! `USAGE_TEST_KILLS=200 cargo test -p usage-tests --test stories kills`. A failure names the
//! number of the kill, from which all that is random follows.

use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use driver::{Audit, Gateway, integrity, recover};

use super::gateway;
use crate::fixture::Fixture;

/// So many at one ledger: each kill reads all of it.
const A_LEDGER: u64 = 20;

#[test]
fn at_200_records_a_second() {
    killed_again_and_again("200", 40);
}

#[test]
fn at_1_000_records_a_second() {
    killed_again_and_again("1000", 400);
}

#[test]
fn as_fast_as_it_goes() {
    killed_again_and_again("flat", 20_000);
}

/// Kills gateways at this rate, each when it has journaled a random number of records, up to `most`.
fn killed_again_and_again(rate: &str, most: u64) {
    let kills = std::env::var("USAGE_TEST_KILLS").map_or(10, |kills| kills.parse().unwrap());
    for first in (0..kills).step_by(usize::try_from(A_LEDGER).unwrap()) {
        let fixture = Fixture::new();
        let mut safe = Vec::new();
        for kill in first..kills.min(first + A_LEDGER) {
            let told = one_kill(&fixture, kill, rate, most, &mut safe);
            told.unwrap_or_else(|error| panic!("kill {kill} at {rate}: {error:#}"));
        }
        check(&fixture, &safe).unwrap();
    }
}

fn one_kill(
    fixture: &Fixture,
    kill: u64,
    rate: &str,
    most: u64,
    safe: &mut Vec<u64>,
) -> Result<()> {
    let mut random = fastrand::Rng::with_seed(kill);
    let arguments = format!(
        "--instance g{} --rate {rate} --records 100000000 --overflow wait:50000",
        safe.len()
    );
    let gateway = Gateway::ready(&mut gateway(fixture, &arguments))?;
    let target = random.u64(1..most);
    gateway.until("enough is journaled", |seen| seen.watermark >= target)?;
    // sleep: so that it is hit at any point of its work, not only just after it has said something.
    thread::sleep(Duration::from_micros(random.u64(0..4_000)));
    safe.push(gateway.kill()?.watermark);
    // Else the next gateway finds what this one leaves, and may be killed over it.
    if random.bool() { check(fixture, safe) } else { Ok(()) }
}

/// Checks that what every gateway knew to be safe is stored once, without a gap, and nothing is left behind.
fn check(fixture: &Fixture, safe: &[u64]) -> Result<()> {
    // A kill in the middle of a write leaves a torn piece, which counts as lost. Nobody was told
    // that it is safe.
    let ledger = fixture.path("usage.db");
    recover(&ledger)?;
    let audit = Audit::of(&ledger)?;
    for (number, safe) in safe.iter().enumerate() {
        audit.first_so_many(&format!("g{number}"), *safe)?;
    }
    ensure!(audit.instances().count() <= safe.len(), "somebody else recorded");
    integrity(&ledger)?;
    let files = fixture.files();
    ensure!(files == ["usage.db"], "left behind: {files:?}");
    let again = recover(&ledger).context("a second recovery")?;
    ensure!(again.recovered.stored == 0, "stored again: {again:?}");
    Ok(())
}
