//! Bytes a row on disk, indexes included, after a checkpoint.

use std::path::Path;

use anyhow::Result;
use rusqlite::Connection;
use usage_store::Store;

use crate::insert::fresh;
use crate::rounds::as_float;
use crate::{ROWS, Setup, workload, yardstick};

pub(crate) fn run(setup: &Setup) -> Result<()> {
    let bare = workload::records(setup.rows(ROWS), false)?;
    let path = fresh(&setup.folder, "yardstick.db")?;
    let mut connection = yardstick::open(&path, "NORMAL")?;
    yardstick::insert(&mut connection, &bare, &yardstick::timestamps(&bare))?;
    drop(connection);
    show("yardstick", &path, setup.rows(ROWS))?;
    for (name, records) in [
        ("ours, without event ids", bare),
        ("ours, with event ids of 28 bytes", workload::records(setup.rows(ROWS), true)?),
    ] {
        let path = fresh(&setup.folder, "ours.db")?;
        let store = Store::open(&path)?;
        for batch in records.chunks(500) {
            store.insert_batch(batch)?;
        }
        drop(store);
        show(name, &path, setup.rows(ROWS))?;
    }
    Ok(())
}

fn show(name: &str, path: &Path, rows: usize) -> Result<()> {
    let connection = Connection::open(path)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let bytes = usize::try_from(std::fs::metadata(path)?.len())?;
    println!("  {name:<33} {:>6.1} bytes a row", as_float(bytes) / as_float(rows));
    Ok(())
}
