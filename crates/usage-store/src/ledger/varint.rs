//! Numbers of up to 128 bits in as few bytes as they need: seven bits a byte, the lowest first; the
//! eighth says that more follow.

use crate::error::RollupError;

/// The bytes of the largest number.
const LONGEST: usize = 19;

/// Bytes whose bits fit a `u64` for sure.
const SHORT: usize = 9;

/// The bit in each of eight bytes that says that more follow.
const FOLLOWS: u64 = 0x8080_8080_8080_8080;

pub(crate) fn push(bytes: &mut Vec<u8>, number: u128) {
    let lowest = |number: u64| number.to_le_bytes()[0];
    let Ok(mut number) = u64::try_from(number) else {
        bytes.push(lowest((number & 0x7f) as u64) | 0x80);
        return push(bytes, number >> 7);
    };
    while number >= 0x80 {
        bytes.push(lowest(number) | 0x80);
        number >>= 7;
    }
    bytes.push(lowest(number));
}

#[inline]
pub(crate) fn pull(rest: &mut &[u8]) -> Result<u128, RollupError> {
    pull_short(rest).map_or_else(|| pull_long(rest), |number| Ok(number.into()))
}

/// Pulls a number that fits a `u64` for sure; none where it may not.
#[inline]
fn pull_short(rest: &mut &[u8]) -> Option<u64> {
    // Nearly always it ends within eight bytes: these are taken at once, as where a number ends cannot be foreseen.
    if let Some(bytes) = rest.first_chunk() {
        let word = u64::from_le_bytes(*bytes);
        let last = !word & FOLLOWS;
        if last != 0 {
            let bits = word & (last ^ (last - 1)) & !FOLLOWS;
            let bits = (bits & 0x007f_007f_007f_007f) | ((bits & 0x7f00_7f00_7f00_7f00) >> 1);
            let bits = (bits & 0x0000_3fff_0000_3fff) | ((bits & 0x3fff_0000_3fff_0000) >> 2);
            let bits = (bits & 0x0fff_ffff) | ((bits & 0x0fff_ffff_0000_0000) >> 4);
            *rest = &rest[last.trailing_zeros() as usize / 8 + 1..];
            return Some(bits);
        }
    }
    let mut number = 0_u64;
    for (at, &byte) in rest.iter().enumerate().take(SHORT) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *rest = &rest[at + 1..];
            return Some(number);
        }
    }
    None
}

/// Pulls a number that a counter of this program can hold.
#[inline]
pub(crate) fn pull_count(rest: &mut &[u8]) -> Result<u64, RollupError> {
    match pull_short(rest) {
        Some(number) => Ok(number),
        None => u64::try_from(pull_long(rest)?).map_err(|_| RollupError::Newer),
    }
}

#[cold]
fn pull_long(rest: &mut &[u8]) -> Result<u128, RollupError> {
    let mut number = 0_u128;
    for (at, &byte) in rest.iter().enumerate().take(LONGEST) {
        let bits = u128::from(byte & 0x7f);
        if at == LONGEST - 1 && bits > 3 {
            break;
        }
        number |= bits << (7 * at);
        if byte < 0x80 {
            *rest = &rest[at + 1..];
            return Ok(number);
        }
    }
    Err(RollupError::Unreadable)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_of_any_size_come_back(number in any::<u128>(), right in 0..128_u32) {
            let number = number >> right;
            let mut bytes = Vec::new();
            push(&mut bytes, number);
            let significant = (128 - number.leading_zeros()).max(1) as usize;
            prop_assert_eq!(bytes.len(), significant.div_ceil(7));
            for behind in [&[0x55][..], &[0xff; 9]] {
                let all = [&bytes, behind].concat();
                let mut rest = &all[..];
                prop_assert_eq!(pull(&mut rest), Ok(number));
                prop_assert_eq!(rest, behind);
            }
            bytes.pop();
            prop_assert_eq!(pull(&mut &bytes[..]), Err(RollupError::Unreadable));
        }
    }

    #[test]
    fn more_than_128_bits_are_no_number() {
        let mut bytes = [0xff; 20];
        bytes[18] = 0x04;
        assert_eq!(pull(&mut &bytes[..]), Err(RollupError::Unreadable));
        bytes[18] = 0x03;
        assert_eq!(pull(&mut &bytes[..]), Ok(u128::MAX));
        assert_eq!(pull_count(&mut &bytes[..]), Err(RollupError::Newer));
    }
}
