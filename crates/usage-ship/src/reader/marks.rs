//! The marks of stretches: which version of each counts.

use std::ops::Range;

use usage_store::shipped::StretchLevel;

use super::Fail;
use super::state::State;
use crate::wire::parsed;

/// A stretch that has something.
#[derive(Clone, Debug)]
pub(crate) struct Mark {
    /// The place of its ledger among those that count.
    pub(crate) ledger: usize,
    pub(crate) number: i64,
    /// The first and the last time in it, in microseconds.
    pub(crate) times: (i64, i64),
    /// The label sets that are counted under others.
    pub(crate) folded: u64,
}

/// The condition that a number is in a range.
pub(crate) fn within(numbers: &Range<i64>) -> String {
    match (numbers.start, numbers.end) {
        (i64::MIN, i64::MAX) => "1 = 1".to_owned(),
        (start, end) => format!("(number >= {start} AND number < {end})"),
    }
}

impl State<'_> {
    /// The stretches of a level that have something, and of each the version that counts.
    pub(crate) fn marks(
        &mut self,
        level: StretchLevel,
        numbers: Range<i64>,
    ) -> Result<Vec<Mark>, Fail> {
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT epoch, number, version, checksum, first_us, last_us, folded FROM usage_mark \
             WHERE level = {} AND {} AND {} ORDER BY epoch, number, version",
            level as u8,
            within(&numbers),
            self.counting()
        );
        let rows = self.wire.query(&sql)?;
        let mut marks = Vec::with_capacity(rows.len());
        // Of equal stretches the last one counts.
        for (at, row) in rows.iter().enumerate() {
            let [epoch, number, _, checksum, first, last, folded] = &row[..] else { continue };
            let is_last = rows.get(at + 1).is_none_or(|next| next[..2] != row[..2]);
            let Some(ledger) = self
                .ledgers()
                .iter()
                .position(|of| of.epoch == *epoch)
                .filter(|_| is_last && checksum != "0")
            else {
                continue;
            };
            marks.push(Mark {
                ledger,
                number: parsed(number)?,
                times: (parsed(first)?, parsed(last)?),
                folded: parsed(folded)?,
            });
        }
        Ok(marks)
    }

    /// The condition that a row is of the version that counts.
    pub(crate) fn latest(&self, level: StretchLevel, numbers: &str) -> String {
        let (level, counting) = (level as u8, self.counting());
        format!(
            "level = {level} AND {numbers} AND {counting} AND (epoch, level, number, version) IN \
             (SELECT epoch, level, number, max(version) FROM usage_mark WHERE level = {level} AND {numbers} AND {counting} \
             GROUP BY epoch, level, number)"
        )
    }

    /// The number of rows that the stretches have.
    pub(crate) fn cells(&mut self, level: StretchLevel, numbers: &str) -> Result<u64, Fail> {
        let sql = format!(
            "SELECT coalesce(sum(cells), 0) FROM (SELECT argMax(cells, version) AS cells FROM usage_mark \
             WHERE level = {} AND {numbers} AND {} GROUP BY epoch, level, number)",
            level as u8,
            self.counting()
        );
        Ok(self.wire.number(&sql)?)
    }
}
