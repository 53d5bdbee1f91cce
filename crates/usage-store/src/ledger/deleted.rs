//! What was deleted, by the names that counters have: kept from when somebody counts, as a counter must not fall.
//!
//! The ledger's settings have it, one for each instance, provider and model, changed in the transaction that deletes.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use serde_json::{Map, Value};
use usage_core::stats::Summary;
use usage_core::{Label, Measure, Money};

use super::labels::Names;

/// Instance, provider and model.
pub(crate) type Named = [String; 3];

/// The labels of a counter.
pub(crate) const LABELS: [Label; 3] = [Label::Instance, Label::Provider, Label::Model];

/// The setting of a ledger with counters.
const COUNTERS: &str = "counters";
/// The beginning of the name of a setting; the names as a JSON array are its end.
const DELETED: &str = "deleted:";

const REQUESTS: &str = "requests";
/// In steps of 10⁻¹² dollars, as text: JSON's numbers have 64 bits.
const COST: &str = "cost_picos";
const STATED_COST: &str = "stated_cost_picos";

/// Returns whether somebody counts.
pub(crate) fn is_kept(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM settings WHERE name = ?1)")?
        .query_row([COUNTERS], |row| row.get(0))
}

/// Keeps what is deleted from now on.
pub(crate) fn keep(connection: &Connection) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO settings (name, value) VALUES (?1, 'kept')")?
        .execute([COUNTERS])
        .map(drop)
}

/// Adds totals by label set that are deleted, if somebody counts. The names of the label sets are still there.
pub(crate) fn add(
    connection: &Connection,
    totals: impl IntoIterator<Item = (i64, Summary)>,
) -> rusqlite::Result<()> {
    if !is_kept(connection)? {
        return Ok(());
    }
    let totals: BTreeMap<i64, Summary> =
        totals.into_iter().fold(BTreeMap::new(), |mut sums, (label_set, totals)| {
            sums.entry(label_set).or_default().merge(&totals);
            sums
        });
    let ids: Vec<i64> = totals.keys().copied().collect();
    let mut names = Names::new(connection);
    names.load(&ids)?;
    let mut by_names = BTreeMap::<Named, Summary>::new();
    for (label_set, totals) in &totals {
        // Names that are damaged stop no deletion.
        let Some(set) = names.get(*label_set) else { continue };
        let named = LABELS.map(|label| set.labels.name(label).to_owned());
        by_names.entry(named).or_default().merge(totals);
    }
    for (named, totals) in by_names {
        merge(connection, &named, &totals)?;
    }
    Ok(())
}

/// Counts deleted totals under another name than the one that has to go; returns how many had it.
pub(crate) fn rename(
    connection: &Connection,
    label: Label,
    from: &str,
    into: &str,
    is_dry: bool,
) -> rusqlite::Result<u64> {
    let Some(at) = LABELS.iter().position(|of| *of == label) else { return Ok(0) };
    let mut changed = 0;
    for (mut named, totals) in all(connection)?.into_iter().filter(|(named, _)| named[at] == from) {
        changed += 1;
        if !is_dry {
            connection.execute("DELETE FROM settings WHERE name = ?1", [setting(&named)])?;
            into.clone_into(&mut named[at]);
            merge(connection, &named, &totals)?;
        }
    }
    Ok(changed)
}

fn setting(named: &Named) -> String {
    format!("{DELETED}{}", Value::from(named.to_vec()))
}

fn merge(connection: &Connection, named: &Named, totals: &Summary) -> rusqlite::Result<()> {
    let name = setting(named);
    let before: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([&name], |row| row.get(0))
        .optional()?;
    let mut sum = before.map_or_else(Summary::default, |text| read(&text));
    sum.merge(totals);
    connection
        .prepare_cached("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)")?
        .execute([name, written(&sum)])
        .map(drop)
}

/// Returns all that was deleted since somebody counts.
pub(crate) fn all(connection: &Connection) -> rusqlite::Result<Vec<(Named, Summary)>> {
    let mut statement = connection.prepare_cached(
        "SELECT substr(name, length(?1) + 1), value FROM settings \
         WHERE substr(name, 1, length(?1)) = ?1",
    )?;
    let mut rows = statement.query([DELETED])?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let (named, totals): (String, String) = (row.get(0)?, row.get(1)?);
        // Names that somebody has written there by hand count for nothing.
        if let Ok(named) = serde_json::from_str(&named) {
            all.push((named, read(&totals)));
        }
    }
    Ok(all)
}

fn written(totals: &Summary) -> String {
    let mut all = Map::new();
    let numbers = Measure::ALL.map(|measure| (measure.name(), totals[measure]));
    for (name, number) in numbers.into_iter().chain([(REQUESTS, totals.requests)]) {
        if number > 0 {
            all.insert(name.to_owned(), number.into());
        }
    }
    for (name, cost) in [(COST, totals.cost), (STATED_COST, totals.stated_cost)] {
        if cost != Money::ZERO {
            all.insert(name.to_owned(), cost.picos().to_string().into());
        }
    }
    Value::from(all).to_string()
}

fn read(text: &str) -> Summary {
    let all: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let number = |name: &str| all.get(name).and_then(Value::as_u64).unwrap_or_default();
    let cost = |name: &str| {
        let picos = all.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok());
        Money::from_picos(picos.unwrap_or_default())
    };
    let mut totals = Summary::new(number(REQUESTS), Measure::ALL.map(|of| number(of.name())));
    (totals.cost, totals.stated_cost) = (cost(COST), cost(STATED_COST));
    totals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_a_total_is_read_back() {
        let mut totals = Summary::new(u64::MAX, [7; Measure::COUNT]).with(Measure::Output, 0);
        totals.cost = Money::from_picos(u128::from(u64::MAX) * 3);
        totals.stated_cost = Money::from_picos(1);
        assert_eq!(read(&written(&totals)), totals);
        assert_eq!(read(&written(&Summary::default())), Summary::default());
        assert_eq!(read("not JSON"), Summary::default());
    }
}
