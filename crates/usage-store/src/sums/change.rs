//! What a transaction changes in the sums.

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::stats::Summary;

use super::{Level, OF_ALL, Wrong, change_of_all, quarter_of, read, write};

/// Totals of records that come or go, by quarter of an hour and label set.
#[derive(Debug, Default)]
pub(crate) struct Change {
    quarters: FxHashMap<(i64, i64), Summary>,
}

impl Change {
    /// A record that comes or goes.
    pub(crate) fn record(&mut self, ts: i64, label_set: i64, counts: &Summary) {
        self.quarters.entry((quarter_of(ts), label_set)).or_default().merge(counts);
    }

    /// Totals that come or go as they are.
    pub(crate) fn quarter(&mut self, quarter: i64, label_set: i64, totals: &Summary) {
        self.quarters.entry((quarter, label_set)).or_default().merge(totals);
    }

    /// Counts the records in, at every level.
    pub(crate) fn count_in(self, connection: &Connection) -> rusqlite::Result<()> {
        self.apply(connection, |cells, label_set, totals| {
            cells.add(label_set, totals);
            Ok(())
        })
    }

    /// Counts the records out again, at every level.
    pub(crate) fn count_out(self, connection: &Connection) -> rusqlite::Result<()> {
        self.apply(connection, |cells, label_set, totals| {
            cells.take_away(label_set, totals).map_err(|_| Wrong::Missing)
        })
    }

    fn apply(
        self,
        connection: &Connection,
        mut with: impl FnMut(&mut super::Cells, i64, &Summary) -> Result<(), Wrong>,
    ) -> rusqlite::Result<()> {
        let mut changes: Vec<_> = self.quarters.into_iter().collect();
        let mut buffer = Vec::new();
        for level in Level::ALL {
            // From one level to the next there are fewer.
            if level != Level::Quarter {
                let mut coarser = FxHashMap::<_, Summary>::default();
                for ((quarter, label_set), totals) in &changes {
                    let number = level.of_finer(*quarter);
                    coarser.entry((number, *label_set)).or_default().merge(totals);
                }
                changes = coarser.into_iter().collect();
            }
            changes.sort_unstable_by_key(|(key, _)| *key);
            for of_one in changes.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
                let number = of_one[0].0.0;
                let mut cells = read(connection, level, number)?;
                for ((_, label_set), totals) in of_one {
                    with(&mut cells, *label_set, totals)?;
                }
                write(connection, level, number, &cells, &mut buffer)?;
                if level == Level::Quarter {
                    let mut sum = Summary::default();
                    of_one.iter().for_each(|(_, totals)| sum.merge(totals));
                    change_of_all(connection, number, &mut buffer, |all| with(all, OF_ALL, &sum))?;
                }
            }
        }
        Ok(())
    }
}
