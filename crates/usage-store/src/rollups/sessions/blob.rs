//! The rollups of a session in a day, as bytes.
//!
//! ```text
//! CRC-32 (4) of the session, the day and what follows   version (1)   cells, as in a piece of a stretch
//! ```

use super::super::piece::{Encoded, encode_cells};
use crate::error::RollupError;
use crate::rollups::Rollup;

const CHECKSUM: usize = 4;
const VERSION: u8 = 1;

/// Writes what a session comes to in a day.
pub(super) fn encode((session, day): (i64, i64), rollup: &Rollup, bytes: &mut Vec<u8>) {
    bytes.clear();
    bytes.extend_from_slice(&[0; CHECKSUM]);
    bytes.push(VERSION);
    encode_cells(0, rollup.as_slice(), bytes);
    let sum = checksum((session, day), &bytes[CHECKSUM..]);
    bytes[..CHECKSUM].copy_from_slice(&sum.to_le_bytes());
}

/// Reads it, unless anything is wrong with it.
pub(super) fn decode((session, day): (i64, i64), bytes: &[u8]) -> Result<Rollup, RollupError> {
    let (sum, rest) = bytes.split_first_chunk::<CHECKSUM>().ok_or(RollupError::Unreadable)?;
    if checksum((session, day), rest) != u32::from_le_bytes(*sum) {
        return Err(RollupError::Unreadable);
    }
    match rest.split_first() {
        Some((&VERSION, rest)) => Rollup::of(Encoded::of(rest)),
        Some(_) => Err(RollupError::Newer),
        None => Err(RollupError::Unreadable),
    }
}

fn checksum((session, day): (i64, i64), bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&session.to_le_bytes());
    hasher.update(&day.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use usage_core::Measure;
    use usage_core::stats::Summary;

    use super::*;

    fn rollup() -> impl Strategy<Value = Rollup> {
        let totals = (1..9_u64, any::<u32>()).prop_map(|(requests, output)| {
            Summary::new(requests, [0; Measure::COUNT]).with(Measure::Output, output.into())
        });
        prop::collection::btree_map(1..i64::MAX, totals, 0..9)
            .prop_map(|rollup| rollup.into_iter().collect())
    }

    proptest! {
        #[test]
        fn bytes_come_back_and_damage_is_noticed(
            rollup in rollup(), session in 1..9_i64, day in any::<i64>(), at in any::<prop::sample::Index>(),
        ) {
            let mut bytes = Vec::new();
            encode((session, day), &rollup, &mut bytes);
            prop_assert_eq!(decode((session, day), &bytes), Ok(rollup));
            prop_assert_eq!(decode((session + 1, day), &bytes), Err(RollupError::Unreadable));
            prop_assert_eq!(decode((session, !day), &bytes), Err(RollupError::Unreadable));
            let bit = at.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(decode((session, day), &bytes), Err(RollupError::Unreadable));
        }

        #[test]
        fn any_bytes_are_read_without_trouble(mut bytes in prop::collection::vec(any::<u8>(), 0..99)) {
            let _ = decode((1, 2), &bytes);
            if bytes.len() > CHECKSUM {
                bytes[CHECKSUM] = VERSION;
                let sum = checksum((1, 2), &bytes[CHECKSUM..]);
                bytes[..CHECKSUM].copy_from_slice(&sum.to_le_bytes());
                let _ = decode((1, 2), &bytes);
            }
        }
    }
}
