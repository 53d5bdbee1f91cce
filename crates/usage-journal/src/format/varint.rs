//! Numbers as postcard writes them: seven bits a byte, the lowest first, the eighth bit set on all
//! but the last.

/// The longest such number: ten bytes hold 64 bits.
pub(super) const MAX_VARINT_BYTES: usize = 10;

/// Writes a number into `out` at `at`. Returns where it ends.
#[inline]
pub(super) fn put(out: &mut [u8], at: usize, mut value: u64) -> usize {
    let mut end = at;
    while value >= 0x80 {
        out[end] = (value & 0x7f) as u8 | 0x80;
        value >>= 7;
        end += 1;
    }
    out[end] = (value & 0x7f) as u8;
    end + 1
}

/// Appends a number to `out`.
pub(super) fn push(out: &mut Vec<u8>, value: u64) {
    let mut bytes = [0; MAX_VARINT_BYTES];
    let end = put(&mut bytes, 0, value);
    out.extend_from_slice(&bytes[..end]);
}

/// Returns a small number for a small distance in either direction: 0, -1, 1, -2, ...
pub(super) const fn zigzag(value: i64) -> u64 {
    (value << 1).cast_unsigned() ^ (value >> 63).cast_unsigned()
}

/// Returns the inverse of [`zigzag`].
pub(super) const fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
}

/// Takes a number from the front of `bytes`. Returns `None` when there is none, or one of over 64 bits.
#[inline]
pub(super) fn take(bytes: &mut &[u8]) -> Option<u64> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        *bytes = rest;
        return Some(u64::from(first));
    }
    let mut value = u64::from(first & 0x7f);
    for (index, &byte) in rest.iter().take(MAX_VARINT_BYTES - 1).enumerate() {
        let shift = 7 * (index + 1);
        if shift == 63 && byte > 1 {
            return None;
        }
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            *bytes = rest.get(index + 1..)?;
            return Some(value);
        }
    }
    None
}

/// Takes a number that must fit 32 bits.
#[inline]
pub(super) fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    u32::try_from(take(bytes)?).ok()
}
