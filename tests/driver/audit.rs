//! The records that the ledger holds of each gateway.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rusqlite::{Connection, OpenFlags};

/// The numbers that the ledger holds, by gateway.
#[derive(Debug, Default)]
pub struct Audit(BTreeMap<String, Instance>);

/// The records of one gateway.
#[derive(Debug, Default)]
pub struct Instance {
    /// Their numbers, in order; one that is stored twice is there twice.
    pub numbers: Vec<u64>,
}

impl Audit {
    /// Reads the ledger, with the least possible code of ours.
    ///
    /// # Errors
    /// When it cannot be read, or holds a record that no gateway made: the time of each must be
    /// that of its number.
    pub fn of(ledger: &Path) -> Result<Self> {
        let connection = open(ledger)?;
        let mut statement = connection.prepare(
            "SELECT instance_id, tokens, timestamp_us - tokens FROM usage_records ORDER BY tokens",
        )?;
        let mut rows = statement.query([])?;
        let (mut instances, mut starts) = (BTreeMap::new(), BTreeMap::new());
        while let Some(row) = rows.next()? {
            let (name, number, start): (String, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let expected = *starts.entry(name.clone()).or_insert(start);
            ensure!(start == expected, "record {number} of {name} is of another time");
            let instance: &mut Instance = instances.entry(name).or_default();
            instance.numbers.push(u64::try_from(number)?);
        }
        Ok(Self(instances))
    }

    /// Returns the numbers that there are of one gateway.
    #[must_use]
    pub fn numbers(&self, instance: &str) -> &[u64] {
        self.0.get(instance).map_or(&[], |instance| &instance.numbers)
    }

    /// Returns the number of records in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().map(|instance| instance.numbers.len() as u64).sum()
    }

    /// The gateways that there is anything of.
    pub fn instances(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Of a gateway that recorded on one thread and got nothing back: its records are there from
    /// the first on without a gap, each once, and at least `safe` of them. Answers how many.
    ///
    /// # Errors
    /// When that is not so, with what is wrong.
    pub fn first_so_many(&self, instance: &str, safe: u64) -> Result<u64> {
        let numbers = self.numbers(instance);
        let wrong = (0..).zip(numbers).find(|(expected, number)| expected != *number);
        if let Some((expected, number)) = wrong {
            let what = if *number < expected { "is stored twice" } else { "comes after a gap" };
            anyhow::bail!("record {number} of {instance} {what}, {expected} was next");
        }
        let stored = numbers.len() as u64;
        ensure!(
            stored >= safe,
            "{instance} had {safe} records in its journal, the ledger has {stored}"
        );
        Ok(stored)
    }

    /// Of a gateway that recorded on several threads: no record is there twice, and at least
    /// `safe` are there. Answers how many.
    ///
    /// # Errors
    /// When that is not so.
    pub fn so_many_once(&self, instance: &str, safe: u64) -> Result<u64> {
        let numbers = self.numbers(instance);
        let twice = numbers.windows(2).find(|pair| pair[0] == pair[1]);
        ensure!(twice.is_none(), "a record of {instance} is stored twice: {twice:?}");
        let stored = numbers.len() as u64;
        ensure!(
            stored >= safe,
            "{instance} had {safe} records in its journal, the ledger has {stored}"
        );
        Ok(stored)
    }
}

/// Has SQLite look at every page of the ledger.
///
/// # Errors
/// When it finds anything.
pub fn integrity(ledger: &Path) -> Result<()> {
    let found: String = open(ledger)?.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
    ensure!(found == "ok", "the ledger is damaged: {found}");
    Ok(())
}

fn open(ledger: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(ledger, flags)
        .with_context(|| format!("cannot open {}", ledger.display()))?;
    connection.busy_timeout(crate::DEADLINE)?;
    Ok(connection)
}
