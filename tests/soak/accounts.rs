//! The check that the ledger holds what the gateways have promised.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use driver::Audit;

/// A gateway that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) name: String,
    /// One thread recorded and nothing came back: its records are there without a gap.
    pub(crate) in_order: bool,
    /// So many must be stored in the end.
    pub(crate) safe: u64,
    /// The number of records of others that it has stored, at least.
    pub(crate) recovered: u64,
    pub(crate) fate: Fate,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Killed,
    /// With so many of its own stored, unless its writer was still at work with them.
    Stopped {
        stored: u64,
        finished: bool,
    },
}

/// Looks at the records of every gateway, after all is recovered.
pub(crate) fn check(ledger: &Path, ended: &[Ended]) -> Result<Audit> {
    let audit = Audit::of(ledger)?;
    for gateway in ended {
        let Ended { name, in_order, safe, fate, .. } = gateway;
        let stored = if *in_order {
            audit.first_so_many(name, *safe)
        } else {
            audit.so_many_once(name, *safe)
        };
        let stored = stored.with_context(|| format!("{gateway:?}"))?;
        if let Fate::Stopped { .. } = fate {
            ensure!(stored == *safe, "{stored} are stored of {gateway:?}");
        }
    }
    let stranger = audit.instances().find(|name| ended.iter().all(|ended| ended.name != *name));
    ensure!(stranger.is_none(), "nobody recorded as {stranger:?}");
    Ok(audit)
}

/// The rows are what was stored by their own gateways, and what was recovered. A writer that was
/// still at work when its gateway had reported may have stored more; `is_complete` says that
/// nobody was killed and nobody else stored anything.
pub(crate) fn add_up(rows: u64, recovered: u64, ended: &[Ended], is_complete: bool) -> Result<()> {
    let (mut known, mut open) = (recovered, 0);
    for gateway in ended {
        known += gateway.recovered;
        if let Fate::Stopped { stored, finished } = gateway.fate {
            known += stored;
            open += if finished { 0 } else { gateway.safe - stored };
        }
    }
    ensure!(known <= rows, "{known} records are said to be stored, there are {rows}");
    if is_complete {
        let most = known + open;
        ensure!(rows <= most, "at most {most} records are known of, there are {rows}");
    }
    Ok(())
}
