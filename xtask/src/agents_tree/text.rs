//! What rows are made of: words, ids and times, all from one seed.

use std::fmt::Write as _;

use crate::random::Random;

/// Milliseconds since 1970, UTC.
pub(super) type Millis = u64;

pub(super) const DAY: Millis = 86_400_000;
/// 2026-03-01T00:00:00Z, before which no row lies.
pub(super) const FIRST_DAY: Millis = 1_772_323_200_000;

const PIECES: usize = 4_096;
const PIECE_BYTES: usize = 64;
const WORDS: [&str; 24] = [
    "the",
    "ledger",
    "request",
    "fn",
    "let",
    "return",
    "tokens",
    "of",
    "a",
    "cache",
    "\\n",
    "path",
    "crates/core/src",
    "=>",
    "{",
    "}",
    "error:",
    "\\\"name\\\"",
    "naïve",
    "test",
    "ok",
    "\\t",
    "0x7f",
    "assert_eq!",
];

/// The one source of everything that looks random.
pub(super) struct Source {
    pub(super) random: Random,
    /// Pieces of equal length, each of them valid inside a JSON string.
    pool: String,
}

impl Source {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut pool = String::with_capacity(PIECES * PIECE_BYTES);
        for piece in 1..=PIECES {
            let end = piece * PIECE_BYTES;
            loop {
                let word = WORDS[usize::try_from(random.between(0, 23)).unwrap_or(0)];
                if pool.len() + word.len() >= end {
                    break;
                }
                pool.push_str(word);
                pool.push(' ');
            }
            pool.extend(std::iter::repeat_n(' ', end - pool.len()));
        }
        Self { random, pool }
    }

    /// Appends text of about so many bytes, as it stands within a JSON string.
    pub(super) fn filler(&mut self, out: &mut String, bytes: u64) {
        let mut left = usize::try_from(bytes).unwrap_or(0) / PIECE_BYTES + 1;
        while left > 0 {
            let first = usize::try_from(self.random.next() % PIECES as u64).unwrap_or(0);
            let take = left.min(PIECES - first);
            out.push_str(&self.pool[first * PIECE_BYTES..(first + take) * PIECE_BYTES]);
            left -= take;
        }
    }

    pub(super) fn words(&mut self, bytes: u64) -> String {
        let mut text = String::new();
        self.filler(&mut text, bytes);
        text
    }

    /// A random id of the API's form, as long as those are.
    pub(super) fn api_id(&mut self, prefix: &str) -> String {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let mut id = format!("{prefix}01");
        for _ in 0..2 {
            let mut number = self.random.next();
            for _ in 0..11 {
                id.push(char::from(DIGITS[usize::try_from(number % 62).unwrap_or(0)]));
                number /= 62;
            }
        }
        id
    }

    pub(super) fn uuid4(&mut self) -> String {
        let (high, low) = (self.random.next(), self.random.next());
        uuid((high & !0xf000) | 0x4000, low)
    }

    /// An id that begins with its time, as Codex gives them.
    pub(super) fn uuid7(&mut self, at: Millis) -> String {
        let (high, low) = (self.random.next(), self.random.next());
        uuid((at << 16) | 0x7000 | (high & 0xfff), low)
    }

    pub(super) fn hex(&mut self, digits: usize) -> String {
        format!("{:016x}", self.random.next())[..digits.min(16)].to_owned()
    }
}

fn uuid(high: u64, low: u64) -> String {
    let low = (low & (u64::MAX >> 2)) | (1 << 63);
    let (time, middle, version) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
    format!("{time:08x}-{middle:04x}-{version:04x}-{:04x}-{:012x}", low >> 48, low << 16 >> 16)
}

/// The date of an instant and the milliseconds since its midnight.
pub(super) fn date(at: Millis) -> ((u64, u64, u64), Millis) {
    // Howard Hinnant's civil_from_days, for days after 1970.
    let days = at / DAY + 719_468;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    ((days / 146_097 * 400 + year_of_era + u64::from(month <= 2), month, day), at % DAY)
}

/// RFC 3339 in UTC with milliseconds: always 24 bytes.
pub(super) fn time(at: Millis) -> String {
    let ((year, month, day), of_day) = date(at);
    let mut text = String::with_capacity(24);
    let (hour, minute) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (second, millis) = (of_day / 1_000 % 60, of_day % 1_000);
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z"
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_known_instants() {
        assert_eq!(time(FIRST_DAY), "2026-03-01T00:00:00.000Z");
        assert_eq!(time(1_709_210_096_789), "2024-02-29T12:34:56.789Z");
        assert_eq!(time(1_798_761_599_999), "2026-12-31T23:59:59.999Z");
    }

    #[test]
    fn ids_have_their_version_and_time() {
        let mut source = Source::new(1);
        let id = source.uuid7(FIRST_DAY);
        assert_eq!(&id[..8], "019ca6b1"); // the upper 32 of 48 bits of milliseconds
        assert_eq!((id.len(), &id[14..15]), (36, "7"));
        assert_eq!(&source.uuid4()[14..15], "4");
        assert_eq!(source.api_id("msg_").len(), 28);
    }
}
