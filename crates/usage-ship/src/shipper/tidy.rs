//! Deleting what does not count any more. It decides nothing: what is superseded is counted by nobody.

use std::collections::BTreeSet;

use super::Link;
use crate::error::ShipError;

/// Deletes what others have taken the place of, in the transaction that says that these count: for Postgres.
pub(super) fn within(link: &mut Link, are_names_gone: bool) -> Result<(), ShipError> {
    let (epoch, wire) = (&link.epoch, &mut link.wire);
    for level in 1..=5_u8 {
        let superseded = link.superseded.iter().filter(|(of, _)| *of as u8 == level);
        let numbers: Vec<_> = superseded.map(|(_, number)| number.to_string()).collect();
        let table = if level == 5 { "usage_record" } else { "usage_sum" };
        for numbers in numbers.chunks(5_000) {
            let these = format!(
                "epoch = '{epoch}' AND level = {level} AND number IN ({})",
                numbers.join(",")
            );
            for table in [table, "usage_mark"] {
                wire.execute(&format!(
                    "DELETE FROM {table} WHERE {these} AND (number, version) NOT IN \
                     (SELECT number, max(version) FROM usage_mark WHERE {these} GROUP BY number)"
                ))?;
            }
        }
    }
    let mut others = |table: &str, these: &str| {
        wire.execute(&format!(
            "DELETE FROM {table} WHERE {these} AND (id, version) NOT IN \
             (SELECT id, max(version) FROM {table} WHERE {these} GROUP BY id)"
        ))
    };
    let of_epoch = format!("epoch = '{epoch}'");
    match &link.sessions {
        None => {
            others("usage_label", &of_epoch)?;
            others("usage_session", &of_epoch)?;
        }
        Some(ids) => {
            let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
            for ids in ids.chunks(5_000) {
                others("usage_session", &format!("{of_epoch} AND id IN ({})", ids.join(",")))?;
            }
        }
    }
    if are_names_gone {
        let sessions = format!(
            "DELETE FROM usage_session WHERE {of_epoch} AND id NOT IN \
             (SELECT session FROM usage_sum WHERE {of_epoch} AND level = 4)"
        );
        wire.execute(&sessions)?;
        let from = link.names_from;
        wire.execute(&format!("DELETE FROM usage_label WHERE {of_epoch} AND version < {from}"))?;
    }
    link.superseded.clear();
    link.sessions = Some(BTreeSet::new());
    Ok(())
}

/// Deletes what later marks have taken the place of, what never had a mark, and names that the ledger has no more: for
/// ClickHouse, which does so when it likes.
pub(super) fn behind(link: &mut Link, version: u64) -> Result<(), ShipError> {
    let (epoch, names_from) = (&link.epoch, link.names_from);
    link.superseded.clear();
    let over_shards = "SELECT count() FROM system.tables WHERE database = currentDatabase() \
                       AND name = 'usage_mark' AND engine = 'Distributed'";
    if link.wire.number(over_shards)? > 0 {
        return Ok(()); // Only a shard itself deletes.
    }
    let of_epoch = format!("epoch = '{epoch}' AND version <= {version}");
    let others = |of: &str, key: &str| {
        format!(
            "({key}, version) NOT IN (SELECT {key}, max(version) FROM {of} WHERE {of_epoch} GROUP BY {key})"
        )
    };
    let stretches = others("usage_mark", "level, number");
    let labels = format!("(version < {names_from} OR {})", others("usage_label", "id"));
    let sessions = format!(
        "({} OR id NOT IN (SELECT session FROM usage_sum WHERE {of_epoch} AND level = 4))",
        others("usage_session", "id")
    );
    for (table, gone) in [
        ("usage_sum", &stretches),
        ("usage_record", &stretches),
        ("usage_mark", &stretches),
        ("usage_label", &labels),
        ("usage_session", &sessions),
    ] {
        link.wire.execute(&format!("ALTER TABLE {table} DELETE WHERE {of_epoch} AND {gone}"))?;
    }
    Ok(())
}
