//! The root of all rollups: for each month, the sum of the checksums of its pieces. A month that is
//! missing, or is an older state of itself, is noticed by it.
//!
//! ```text
//! CRC-32 (4)  version (1)  then for each month: number, less the one before (varint)  sum (4)
//!     label sets (varint)  folded label sets (varint)  and where there are any: sum of hashes (4)
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::Connection;

use super::stretch::StretchDelta;
use crate::error::RollupError;
use crate::ledger::columns::hash_of_row;
use crate::ledger::varint::{pull_count, push};

/// The entry of each month. A month without rollups is not in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Root(BTreeMap<i64, Month>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Month {
    /// The sum of the checksums of its pieces.
    pub(super) sum: u32,
    pub(super) names: NamesOf,
}

/// The number of names of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NamesOf {
    /// The number of label sets that have rollups.
    pub(super) label_sets: u64,
    /// The others, which are counted under one of these.
    pub(super) folded: Folded,
}

/// The folding of a month, as a number and a sum that an entry which is another one changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Folded {
    pub(crate) label_sets: u64,
    /// The sum of the hashes of the entries, modulo 2^32.
    hashes: u32,
}

impl Folded {
    /// Adds a label set that is counted under another one.
    pub(super) fn add(&mut self, month: i64, label_set: i64, into: i64) {
        self.label_sets = self.label_sets.saturating_add(1);
        self.hashes = self.hashes.wrapping_add(hash_of_row(month, label_set, into, None, None));
    }

    fn merge(&mut self, others: Self) {
        self.label_sets = self.label_sets.saturating_add(others.label_sets);
        self.hashes = self.hashes.wrapping_add(others.hashes);
    }
}

const CHECKSUM: usize = 4;
const VERSION: u8 = 1;

impl FromIterator<(i64, Month)> for Root {
    fn from_iter<I: IntoIterator<Item = (i64, Month)>>(months: I) -> Self {
        Self(months.into_iter().collect())
    }
}

impl Root {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare_cached("SELECT rollups FROM ledger")?;
        let mut rows = statement.query([])?;
        // Without the ledger's row nobody can tell.
        let row = rows.next()?.ok_or(RollupError::Torn)?;
        match row.get_ref(0)?.as_blob_or_null()? {
            Some(bytes) => Ok(Self::decode(bytes)?),
            None => Ok(Self::default()),
        }
    }

    pub(super) fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let bytes = (!self.0.is_empty()).then(|| self.encode());
        connection.prepare_cached("UPDATE ledger SET rollups = ?1")?.execute([bytes])?;
        Ok(())
    }

    /// Changes what there is of a month; says whether nothing is left.
    pub(super) fn apply(&mut self, month: i64, by: StretchDelta) -> bool {
        let of = self.0.entry(month).or_default();
        of.sum = of.sum.wrapping_add(by.checksum);
        of.names.label_sets = of.names.label_sets.saturating_add_signed(by.label_sets);
        let is_gone = of.sum == 0;
        if is_gone {
            self.0.remove(&month);
        }
        is_gone
    }

    pub(super) fn add_folded(&mut self, month: i64, others: Folded) {
        if others.label_sets > 0 {
            self.0.entry(month).or_default().names.folded.merge(others);
        }
    }

    /// The months in which others are folded than are said to be.
    pub(super) fn torn_by_folding(&self, found: &BTreeMap<i64, Folded>) -> Vec<i64> {
        let folded = |month: &i64| found.get(month).copied().unwrap_or_default();
        let of_root = self.0.iter().filter(|(month, of)| of.names.folded != folded(month));
        let others = found.keys().filter(|month| !self.0.contains_key(month));
        of_root.map(|(month, _)| *month).chain(others.copied()).collect()
    }

    pub(super) fn names(&self, month: i64) -> NamesOf {
        self.0.get(&month).map(|month| month.names).unwrap_or_default()
    }

    pub(super) fn range(&self, months: Range<i64>) -> BTreeMap<i64, u32> {
        if months.is_empty() {
            return BTreeMap::new();
        }
        self.0.range(months).map(|(number, month)| (*number, month.sum)).collect()
    }

    /// The first and the last month.
    #[cfg(feature = "zones")]
    pub(super) fn ends(&self) -> Option<[i64; 2]> {
        Some([*self.0.keys().next()?, *self.0.keys().next_back()?])
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; CHECKSUM];
        bytes.push(VERSION);
        let mut before = 0_i64;
        for (number, month) in &self.0 {
            push(&mut bytes, number.wrapping_sub(before).cast_unsigned().into());
            before = *number;
            bytes.extend_from_slice(&month.sum.to_le_bytes());
            push(&mut bytes, month.names.label_sets.into());
            push(&mut bytes, month.names.folded.label_sets.into());
            if month.names.folded.label_sets > 0 {
                bytes.extend_from_slice(&month.names.folded.hashes.to_le_bytes());
            }
        }
        let checksum = crc32fast::hash(&bytes[CHECKSUM..]);
        bytes[..CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, RollupError> {
        let (sum, rest) = bytes.split_first_chunk::<CHECKSUM>().ok_or(RollupError::Unreadable)?;
        if crc32fast::hash(rest) != u32::from_le_bytes(*sum) {
            return Err(RollupError::Unreadable);
        }
        let (&version, mut rest) = rest.split_first().ok_or(RollupError::Unreadable)?;
        if version != VERSION {
            return Err(RollupError::Newer);
        }
        let (mut months, mut number) = (BTreeMap::new(), 0_i64);
        while !rest.is_empty() {
            number = number.wrapping_add(pull_count(&mut rest)?.cast_signed());
            let sum = pull_word(&mut rest)?;
            let (label_sets, folded) = (pull_count(&mut rest)?, pull_count(&mut rest)?);
            let hashes = if folded > 0 { pull_word(&mut rest)? } else { 0 };
            let names = NamesOf { label_sets, folded: Folded { label_sets: folded, hashes } };
            months.insert(number, Month { sum, names });
        }
        Ok(Self(months))
    }
}

fn pull_word(rest: &mut &[u8]) -> Result<u32, RollupError> {
    let (word, behind) = rest.split_first_chunk().ok_or(RollupError::Unreadable)?;
    *rest = behind;
    Ok(u32::from_le_bytes(*word))
}

/// The first and the last month that there are rollups of.
#[cfg(feature = "zones")]
pub(crate) fn months(connection: &Connection) -> rusqlite::Result<Option<[i64; 2]>> {
    Ok(Root::read(connection)?.ends())
}

/// The months in which label sets are folded, and what has to be of each.
pub(super) fn folded_months(connection: &Connection) -> rusqlite::Result<Vec<(i64, Folded)>> {
    let months = Root::read(connection)?.0.into_iter();
    let folded = months.map(|(number, month)| (number, month.names.folded));
    Ok(folded.filter(|(_, folded)| folded.label_sets > 0).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_back_and_a_flipped_bit_is_noticed(
            months in prop::collection::btree_map(
                prop_oneof![23_000..25_000_i64, any::<i64>()],
                any::<(u32, u64, u64, u32)>(),
                0..40,
            ),
            at in any::<prop::sample::Index>(),
        ) {
            let root: Root = months
                .into_iter()
                .map(|(number, (sum, label_sets, folded, hashes))| {
                    let hashes = if folded == 0 { 0 } else { hashes };
                    let folded = Folded { label_sets: folded, hashes };
                    (number, Month { sum, names: NamesOf { label_sets, folded } })
                })
                .collect();
            let mut bytes = root.encode();
            prop_assert_eq!(Root::decode(&bytes), Ok(root));
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Root::decode(&bytes), Err(RollupError::Unreadable));
        }
    }

    #[test]
    fn a_month_that_comes_to_nothing_is_gone() {
        let mut root = Root::default();
        let by = |checksum, label_sets| StretchDelta { checksum, label_sets };
        assert!(!root.apply(5, by(7, 2)) && !root.apply(6, by(1, 1)));
        let mut folded = Folded::default();
        folded.add(5, 7, 3);
        root.add_folded(5, folded);
        assert_eq!(root.names(5), NamesOf { label_sets: 2, folded });
        assert!(root.torn_by_folding(&BTreeMap::from([(5, folded)])).is_empty());
        // Another entry, as many as there have to be, in that month or in another one.
        let mut other = Folded::default();
        other.add(5, 8, 3);
        for found in [vec![(5, other)], vec![], vec![(5, folded), (6, folded)]] {
            assert_eq!(root.torn_by_folding(&found.into_iter().collect()).len(), 1);
        }
        assert!(root.apply(5, by(0_u32.wrapping_sub(7), -2)));
        assert_eq!((root.names(5), root.ends()), (NamesOf::default(), Some([6, 6])));
    }
}
