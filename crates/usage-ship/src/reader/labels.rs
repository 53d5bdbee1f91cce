//! The names of label sets there, read when they change.

use std::collections::{BTreeMap, HashMap};

use usage_core::{Label, LabelNames, Labels, TagSet};

use super::Fail;
use crate::error::ShipError;
use crate::schema::quoted;
use crate::shipper::Ledger;
use crate::wire::{Wire, parsed};

/// The names of each epoch, with their declared tags, as of a mark of its label sets.
#[derive(Debug, Default)]
pub(crate) struct Names(BTreeMap<String, Epoch>);

#[derive(Debug, Default)]
struct Epoch {
    mark: (i64, i64),
    by_id: HashMap<i64, Labels>,
}

impl Names {
    /// Reads those of the ledgers that have others than are known.
    pub(crate) fn refresh(&mut self, wire: &mut dyn Wire, ledgers: &[Ledger]) -> Result<(), Fail> {
        self.0.retain(|epoch, _| ledgers.iter().any(|ledger| ledger.epoch == *epoch));
        for ledger in ledgers {
            let mark = ledger.head.label_sets;
            if self.0.get(&ledger.epoch).is_some_and(|known| known.mark == mark) {
                continue;
            }
            let by_id = read(wire, ledger)?;
            self.0.insert(ledger.epoch.clone(), Epoch { mark, by_id });
        }
        Ok(())
    }

    pub(crate) fn get(&self, epoch: &str, id: i64) -> Result<&Labels, ShipError> {
        let found = self.0.get(epoch).and_then(|of| of.by_id.get(&id));
        // Deleted meanwhile, for there is a later state.
        found.ok_or(ShipError::Count { table: "usage_label", found: 0, expected: 1 })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Labels> {
        self.0.values().flat_map(|of| of.by_id.values())
    }
}

fn read(wire: &mut dyn Wire, ledger: &Ledger) -> Result<HashMap<i64, Labels>, ShipError> {
    let columns = Label::ALL.map(|label| quoted(label.field())).join(", ");
    // Of equal ids the last one counts.
    let sql = format!(
        "SELECT id, tags, {columns} FROM usage_label WHERE epoch = '{}' AND version <= {} ORDER BY version",
        ledger.epoch, ledger.version
    );
    let mut by_id = HashMap::new();
    for row in wire.query(&sql)? {
        let [id, tags, texts @ ..] = &row[..] else { continue };
        let named = Label::ALL.into_iter().zip(texts);
        let names = named.fold(LabelNames::new(), |names, (label, text)| names.with(label, text));
        let unreadable = |why: String| ShipError::Unreadable(format!("label set {id}: {why}"));
        let labels = Labels::new(names).map_err(|error| unreadable(error.to_string()))?;
        let tags = if tags.is_empty() { Ok(TagSet::default()) } else { TagSet::from_json(tags) };
        let tags = tags.map_err(|error| unreadable(error.to_string()))?;
        by_id.insert(parsed(id)?, labels.with_tags(tags.tags()));
    }
    Ok(by_id)
}
