//! The root of all sums: for each month, the sum of the checksums of its pieces. A month that is
//! missing, or is an older state of itself, is noticed by it.
//!
//! ```text
//! CRC-32 (4)  version (1)  then for each month: number, less the one before (varint)  sum (4)
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use rusqlite::Connection;

use super::Wrong;
use super::varint::{pull_count, push};

/// Sums of checksums by month. A month without sums is not in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Root(BTreeMap<i64, u32>);

const CHECKSUM: usize = 4;
const VERSION: u8 = 1;

impl FromIterator<(i64, u32)> for Root {
    fn from_iter<I: IntoIterator<Item = (i64, u32)>>(sums: I) -> Self {
        Self(sums.into_iter().collect())
    }
}

impl Root {
    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare_cached("SELECT rollups FROM ledger")?;
        let mut rows = statement.query([])?;
        // Without the ledger's row nobody can tell.
        let row = rows.next()?.ok_or(Wrong::Torn)?;
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

    /// Changes a month's sum. What comes to nothing is not kept.
    pub(super) fn change(&mut self, month: i64, by: u32) {
        let sum = self.0.entry(month).or_default();
        *sum = sum.wrapping_add(by);
        if *sum == 0 {
            self.0.remove(&month);
        }
    }

    pub(super) fn range(&self, months: Range<i64>) -> BTreeMap<i64, u32> {
        if months.is_empty() {
            return BTreeMap::new();
        }
        self.0.range(months).map(|(month, sum)| (*month, *sum)).collect()
    }

    /// The first and the last month.
    pub(super) fn ends(&self) -> Option<[i64; 2]> {
        Some([*self.0.keys().next()?, *self.0.keys().next_back()?])
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![0; CHECKSUM];
        bytes.push(VERSION);
        let mut before = 0_i64;
        for (month, sum) in &self.0 {
            push(&mut bytes, month.wrapping_sub(before).cast_unsigned().into());
            before = *month;
            bytes.extend_from_slice(&sum.to_le_bytes());
        }
        let checksum = crc32fast::hash(&bytes[CHECKSUM..]);
        bytes[..CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, Wrong> {
        let (sum, rest) = bytes.split_first_chunk::<CHECKSUM>().ok_or(Wrong::Unreadable)?;
        if crc32fast::hash(rest) != u32::from_le_bytes(*sum) {
            return Err(Wrong::Unreadable);
        }
        let (&version, mut rest) = rest.split_first().ok_or(Wrong::Unreadable)?;
        if version != VERSION {
            return Err(Wrong::Newer);
        }
        let (mut months, mut month) = (BTreeMap::new(), 0_i64);
        while !rest.is_empty() {
            month = month.wrapping_add(pull_count(&mut rest)?.cast_signed());
            let (sum, behind) = rest.split_first_chunk().ok_or(Wrong::Unreadable)?;
            months.insert(month, u32::from_le_bytes(*sum));
            rest = behind;
        }
        Ok(Self(months))
    }
}

/// The first and the last month that there are sums of.
pub(crate) fn months(connection: &Connection) -> rusqlite::Result<Option<[i64; 2]>> {
    Ok(Root::read(connection)?.ends())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_back_and_a_flipped_bit_is_noticed(
            months in prop::collection::btree_map(prop_oneof![23_000..25_000_i64, any::<i64>()], any::<u32>(), 0..40),
            at in any::<prop::sample::Index>(),
        ) {
            let root = Root(months);
            let mut bytes = root.encode();
            prop_assert_eq!(Root::decode(&bytes), Ok(root));
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(Root::decode(&bytes), Err(Wrong::Unreadable));
        }
    }

    #[test]
    fn a_month_that_comes_to_nothing_is_gone() {
        let mut root = Root::default();
        root.change(5, 7);
        root.change(6, 1);
        root.change(5, 0_u32.wrapping_sub(7));
        assert_eq!(root, [(6, 1)].into_iter().collect());
        assert_eq!(root.ends(), Some([6, 6]));
    }
}
