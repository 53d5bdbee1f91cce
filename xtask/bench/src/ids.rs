//! Recording with random event ids, at two sizes of the ledger, beside an earlier build of the command: the same
//! file through `usage record`, in turns. Without `--old`, beside the same records without ids.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use rusqlite::Connection;
use usage_core::format::format_count;

use crate::command::{path, write_lines};
use crate::figures::aim;
use crate::insert::fresh;
use crate::rounds::{as_float, interleaved, ratio};
use crate::{Setup, child, workload};

const SIZES: [usize; 2] = [1_000_000, 10_000_000];
/// The number of times as fast as the build before.
const AIM: f64 = 1.6;

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let mut sizes = SIZES.map(|size| setup.rows(size)).to_vec();
    sizes.dedup();
    for rows in sizes {
        println!("{} records:", format_count(rows as u64));
        let input = write_lines(&setup.folder, "ids.ndjson", &workload::records(rows, true)?)?;
        let (name, other, other_input) = match &setup.old {
            Some(old) => ("the earlier build", old, input.clone()),
            None => {
                let bare = workload::records(rows, false)?;
                let bare = write_lines(&setup.folder, "bare.ndjson", &bare)?;
                ("without ids", &setup.usage, bare)
            }
        };
        let (mut of_other, mut of_ours) = (0.0, 0.0);
        let mut before = || record(setup, other, &other_input, rows, &mut of_other);
        let mut ours = || record(setup, &setup.usage, &input, rows, &mut of_ours);
        let times = interleaved(setup.rounds, &mut [&mut before, &mut ours])?;
        let ratio = ratio(&times[0], &times[1]);
        for (name, times, bytes) in [(name, &times[0], of_other), ("with ids", &times[1], of_ours)]
        {
            let speed = times.per_second(rows);
            println!("  {name:<18} {speed:>9.0} rows/s   {bytes:>6.1} bytes a row");
        }
        println!("  {ratio}");
        if setup.old.is_some() {
            let number = format!("{:.2} times", ratio.median);
            aim("at least 1.6 times the earlier build", ratio.median >= AIM, &number);
        }
        std::fs::remove_file(&input)?;
        if other_input != input {
            std::fs::remove_file(other_input)?;
        }
    }
    Ok(())
}

/// Records the file, and says how large the ledger is then.
fn record(
    setup: &Setup,
    usage: &Path,
    input: &Path,
    rows: usize,
    bytes_a_row: &mut f64,
) -> Result<Duration> {
    let ledger = fresh(&setup.folder, "ids.db")?;
    let run = child::measured(&[path(usage)?, "--db", path(&ledger)?, "record", path(input)?])?;
    let count = format_count(rows as u64);
    ensure!(
        run.stdout.starts_with(&format!("Lines: {count}  |  Stored: {count}  |")),
        "not all is stored: {}",
        run.stdout
    );
    Connection::open(&ledger)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let bytes = usize::try_from(std::fs::metadata(&ledger)?.len())?;
    *bytes_a_row = as_float(bytes) / as_float(rows);
    Ok(run.wall)
}
