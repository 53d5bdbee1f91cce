//! What a transaction changes in the sums.

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::stats::Summary;

use super::{Cells, Level, OF_ALL, Wrong, quarter_of, read, write};

/// Totals of records that come or go, by quarter of an hour and label set.
#[derive(Debug, Default)]
pub(crate) struct Change {
    quarters: FxHashMap<(i64, i64), Summary>,
}

/// Totals of a stretch of time and a label set. Lists of them are in this order.
type Totals = ((i64, i64), Summary);

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
        self.apply(connection, |cells, totals| {
            cells.add(of_label_sets(totals));
            Ok(())
        })
    }

    /// Counts the records out again, at every level.
    pub(crate) fn count_out(self, connection: &Connection) -> rusqlite::Result<()> {
        self.apply(connection, |cells, totals| {
            cells.take_away(of_label_sets(totals)).map_err(|_| Wrong::Missing)
        })
    }

    fn apply(
        self,
        connection: &Connection,
        with: impl Fn(&mut Cells, &[Totals]) -> Result<(), Wrong>,
    ) -> rusqlite::Result<()> {
        let mut buffer = Vec::new();
        let mut change = |level: Level, totals: &[Totals]| {
            for of_one in totals.chunk_by(|((one, _), _), ((other, _), _)| one == other) {
                let Some(&((number, _), _)) = of_one.first() else { continue };
                let mut cells = read(connection, level, number)?;
                with(&mut cells, of_one)?;
                write(connection, level, number, &cells, &mut buffer)?;
            }
            Ok::<_, rusqlite::Error>(())
        };
        // From one level to the next there are fewer.
        let quarters = sorted(self.quarters);
        change(Level::Quarter, &quarters)?;
        change(Level::All, &coarser(Level::All, &quarters))?;
        let days = coarser(Level::Day, &quarters);
        change(Level::Day, &days)?;
        change(Level::Month, &coarser(Level::Month, &days))
    }
}

fn of_label_sets(totals: &[Totals]) -> impl Iterator<Item = (i64, &Summary)> {
    totals.iter().map(|((_, label_set), totals)| (*label_set, totals))
}

fn sorted(totals: impl IntoIterator<Item = Totals>) -> Vec<Totals> {
    let mut sorted: Vec<_> = totals.into_iter().collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    sorted
}

/// The same totals by the stretches of a coarser level.
fn coarser(level: Level, finer: &[Totals]) -> Vec<Totals> {
    let mut totals = FxHashMap::<_, Summary>::default();
    for ((number, label_set), of_finer) in finer {
        let label_set = if level == Level::All { OF_ALL } else { *label_set };
        totals.entry((level.of_finer(*number), label_set)).or_default().merge(of_finer);
    }
    sorted(totals)
}
