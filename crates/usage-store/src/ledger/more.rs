//! The data of a row besides its columns, packed into one of them: rare things, which would else cost every row
//! something.
//!
//! ```text
//! mask (varint): which of these follow, from the lowest bit on, each a varint
//!   0 terms      the id of the terms that it was priced by
//!   1 cache_write_long
//!   2 tag set    its id
//!   3 alias      comes last: the bytes that are left
//!   4 revision
//!   5 flags      outcome (2 bits), quality (2), inconsistent, time not stated, recorded elsewhere
//!   6 stated     what its source says that it cost, in pico-dollars
//!   7 input_audio  8 output_audio  9 cache_read_audio  10 web_searches
//! ```
//!
//! A bit that a program does not know was set by a newer one: what follows cannot be told apart then. A new thing
//! gets the next bit; the alias stays last.

use std::fmt;

use rusqlite::types::Type;
use usage_core::stats::Summary;
use usage_core::{Counts, Measure, Money, Outcome, Quality, Record, Timestamp, TokenCounts, Usage};

use super::varint::{pull_count, push};
use crate::error::RollupError;

/// The number of a record's numbers that have columns of their own: the first ones.
pub(crate) const COLUMNS: usize = Measure::Fallbacks as usize + 1;

/// The other numbers, with their bits.
const NUMBERS: [(Measure, u32); Measure::NUMBERS - COLUMNS] = [
    (Measure::CacheWriteLong, 1),
    (Measure::InputAudio, 7),
    (Measure::OutputAudio, 8),
    (Measure::CacheReadAudio, 9),
    (Measure::WebSearches, 10),
];

const TERMS: u32 = 0;
/// The mask of a row that has terms and nothing else.
const TERMS_ALONE: u8 = 1 << TERMS;
pub(crate) const TAG_SET: u32 = 2;
pub(crate) const ALIAS: u32 = 3;
const REVISION: u32 = 4;
pub(crate) const FLAGS: u32 = 5;
pub(crate) const STATED: u32 = 6;

/// The number of bits that have a meaning.
pub(crate) const BITS: u32 = 11;

/// In the flags: two bits of each of these, and single ones.
pub(crate) const QUALITY_SHIFT: u32 = 2;
const INCONSISTENT: u64 = 1 << 4;
const TIME_NOT_STATED: u64 = 1 << 5;
const ELSEWHERE: u64 = 1 << 6;
const ALL_FLAGS: u64 = 0x7f;

/// Returns the bit of a number that has no column of its own.
pub(crate) fn bit_of(measure: Measure) -> Option<u32> {
    NUMBERS.iter().find(|(of, _)| *of == measure).map(|(_, bit)| *bit)
}

/// The data of a row besides its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct More<'a> {
    /// The terms that it was priced by.
    pub(crate) terms: Option<u64>,
    /// The numbers that have no column, in the order of their list.
    pub(crate) numbers: [u32; NUMBERS.len()],
    pub(crate) tag_set: Option<i64>,
    /// The other id of its event; never empty.
    pub(crate) alias: Option<&'a str>,
    pub(crate) revision: u32,
    pub(crate) outcome: Outcome,
    pub(crate) quality: Quality,
    pub(crate) is_inconsistent: bool,
    pub(crate) is_time_stated: bool,
    pub(crate) is_elsewhere: bool,
    /// In pico-dollars.
    pub(crate) stated_cost: Option<u64>,
}

impl More<'_> {
    /// Nothing, as of most rows.
    pub(crate) const NONE: Self = Self {
        terms: None,
        numbers: [0; NUMBERS.len()],
        tag_set: None,
        alias: None,
        revision: 0,
        outcome: Outcome::Ok,
        quality: Quality::Reported,
        is_inconsistent: false,
        is_time_stated: true,
        is_elsewhere: false,
        stated_cost: None,
    };
}

/// The reason why the bytes say nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MoreError {
    /// They are not what any program writes.
    Unreadable,
    /// They say what only a newer version of this program can read.
    Newer,
}

impl fmt::Display for MoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "cannot be read in part",
            Self::Newer => "says what only a newer version of this program can read",
        })
    }
}

/// As an error of SQLite's it counts as damage, as long as this program has to read it.
impl From<MoreError> for rusqlite::Error {
    fn from(error: MoreError) -> Self {
        Self::FromSqlConversionFailure(0, Type::Blob, Box::new(error))
    }
}

impl From<RollupError> for MoreError {
    fn from(error: RollupError) -> Self {
        if error == RollupError::Newer { Self::Newer } else { Self::Unreadable }
    }
}

impl<'a> More<'a> {
    /// Takes what a record says that no column holds.
    pub(crate) fn of(record: &'a Record, tag_set: Option<i64>) -> Self {
        let counts = record.counts();
        Self {
            terms: None,
            numbers: NUMBERS.map(|(measure, _)| counts.get(measure)),
            tag_set,
            alias: record.alias_id().map(usage_core::EventId::as_str),
            revision: counts.revision(),
            outcome: counts.outcome(),
            quality: counts.quality(),
            is_inconsistent: counts.is_inconsistent(),
            is_time_stated: counts.is_time_stated(),
            is_elsewhere: counts.get(Measure::Elsewhere) != 0,
            stated_cost: counts.stated_cost().map(picos),
        }
    }

    /// Returns whether there is nothing that has to be written.
    pub(crate) fn is_none(&self) -> bool {
        *self == More::NONE
    }

    fn flags(&self) -> u64 {
        let mut flags = match self.outcome {
            Outcome::Error => 1,
            Outcome::Cancelled => 2,
            _ => 0,
        };
        flags |= match self.quality {
            Quality::Partial => 1,
            Quality::Estimated => 2,
            _ => 0,
        } << QUALITY_SHIFT;
        for (is_so, flag) in [
            (self.is_inconsistent, INCONSISTENT),
            (!self.is_time_stated, TIME_NOT_STATED),
            (self.is_elsewhere, ELSEWHERE),
        ] {
            flags |= if is_so { flag } else { 0 };
        }
        flags
    }

    fn set_flags(&mut self, flags: u64) -> Result<(), MoreError> {
        if flags & !ALL_FLAGS != 0 {
            return Err(MoreError::Newer);
        }
        self.outcome = match flags & 3 {
            0 => Outcome::Ok,
            1 => Outcome::Error,
            2 => Outcome::Cancelled,
            _ => return Err(MoreError::Newer),
        };
        self.quality = match flags >> QUALITY_SHIFT & 3 {
            0 => Quality::Reported,
            1 => Quality::Partial,
            2 => Quality::Estimated,
            _ => return Err(MoreError::Newer),
        };
        self.is_inconsistent = flags & INCONSISTENT != 0;
        self.is_time_stated = flags & TIME_NOT_STATED == 0;
        self.is_elsewhere = flags & ELSEWHERE != 0;
        Ok(())
    }

    /// The number of a bit, as it is written; nothing where it is not.
    fn number(&self, bit: u32) -> Option<u64> {
        let or_zero = |number: u64| Some(number).filter(|number| *number > 0);
        match bit {
            TERMS => self.terms,
            TAG_SET => self.tag_set.map(i64::cast_unsigned),
            REVISION => or_zero(self.revision.into()),
            FLAGS => or_zero(self.flags()),
            STATED => self.stated_cost,
            _ => {
                let place = NUMBERS.iter().position(|(_, of)| *of == bit)?;
                or_zero(self.numbers[place].into())
            }
        }
    }

    fn set_number(&mut self, bit: u32, number: u64) -> Result<(), MoreError> {
        let small = || u32::try_from(number).map_err(|_| MoreError::Unreadable);
        match bit {
            TERMS => self.terms = Some(number),
            TAG_SET => {
                let id = i64::try_from(number).map_err(|_| MoreError::Unreadable)?;
                self.tag_set = Some(id);
            }
            REVISION => self.revision = small()?,
            FLAGS => self.set_flags(number)?,
            STATED => self.stated_cost = Some(number),
            _ => {
                let place = NUMBERS.iter().position(|(_, of)| *of == bit);
                self.numbers[place.ok_or(MoreError::Newer)?] = small()?;
            }
        }
        Ok(())
    }

    /// Writes it; nothing at all where there is nothing.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.clear();
        if self.is_none() {
            return;
        }
        let mut mask = if self.alias.is_some() { 1 << ALIAS } else { 0_u64 };
        for bit in 0..BITS {
            mask |= u64::from(self.number(bit).is_some()) << bit;
        }
        push(bytes, mask.into());
        for number in (0..BITS).filter_map(|bit| self.number(bit)) {
            push(bytes, number.into());
        }
        bytes.extend_from_slice(self.alias.unwrap_or_default().as_bytes());
    }

    /// Writes that there is nothing but terms, as of most rows that are priced.
    pub(crate) fn encode_terms(terms: u64, bytes: &mut Vec<u8>) {
        bytes.push(TERMS_ALONE);
        push(bytes, terms.into());
    }

    /// Reads what was written. Never panics, whatever the bytes are.
    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, MoreError> {
        let (mut more, mut rest) = (Self::NONE, bytes);
        if let Some((&TERMS_ALONE, mut rest)) = bytes.split_first() {
            more.terms = Some(pull_count(&mut rest)?);
            return if rest.is_empty() { Ok(more) } else { Err(MoreError::Unreadable) };
        }
        let mask = pull_count(&mut rest)?;
        if mask >> BITS != 0 {
            return Err(MoreError::Newer);
        }
        for bit in (0..BITS).filter(|bit| *bit != ALIAS && mask & 1 << bit != 0) {
            let number = pull_count(&mut rest)?;
            more.set_number(bit, number)?;
        }
        if mask & 1 << ALIAS != 0 {
            let alias = str::from_utf8(rest).ok().filter(|alias| !alias.is_empty());
            more.alias = Some(alias.ok_or(MoreError::Unreadable)?);
        } else if !rest.is_empty() {
            return Err(MoreError::Unreadable);
        }
        Ok(more)
    }

    /// Adds what the row counts besides its columns to what these come to.
    pub(crate) fn add_to(&self, summary: &mut Summary) {
        for ((measure, _), number) in NUMBERS.iter().zip(self.numbers) {
            summary[*measure] += u64::from(number);
        }
        let requests = [
            (Measure::Errors, self.outcome == Outcome::Error),
            (Measure::Cancelled, self.outcome == Outcome::Cancelled),
            (Measure::Partial, self.quality == Quality::Partial),
            (Measure::Estimated, self.quality == Quality::Estimated),
            (Measure::Inconsistent, self.is_inconsistent),
            (Measure::Elsewhere, self.is_elsewhere),
            (Measure::Stated, self.stated_cost.is_some()),
        ];
        for (measure, is_so) in requests {
            summary[measure] += u64::from(is_so);
        }
        let cost = Money::from_picos(self.stated_cost.unwrap_or(0).into());
        summary.stated_cost = summary.stated_cost.plus(cost);
    }

    /// Returns the counts of a row with these numbers in its columns.
    pub(crate) fn counts(
        &self,
        columns: [u32; COLUMNS],
        at: Timestamp,
    ) -> Result<Counts, usage_core::RecordError> {
        let in_columns = Measure::ALL.into_iter().zip(columns);
        let others = NUMBERS.iter().map(|(measure, _)| *measure).zip(self.numbers);
        let mut usage = Usage::new(TokenCounts::new(), at)
            .with_outcome(self.outcome)
            .with_quality(self.quality)
            .with_revision(self.revision);
        for (measure, number) in in_columns.chain(others) {
            usage = usage.with(measure, number.into());
        }
        usage.is_inconsistent = self.is_inconsistent;
        usage.is_time_stated = self.is_time_stated;
        usage.stated_cost = self.stated_cost.map(|picos| Money::from_picos(picos.into()));
        Counts::try_from(usage).map(|counts| counts.with_elsewhere(self.is_elsewhere))
    }
}

impl More<'_> {
    /// Returns a number that these counts have cut, as it was more than what it is a part of.
    pub(crate) fn cut(&self, counts: &Counts) -> Option<Measure> {
        let numbers = NUMBERS.iter().zip(self.numbers);
        numbers
            .map(|((measure, _), number)| (*measure, number))
            .find(|(measure, number)| counts.get(*measure) != *number)
            .map(|(measure, _)| measure)
    }
}

/// Nine million dollars, the most that a record may state, have 63 bits.
fn picos(cost: Money) -> u64 {
    u64::try_from(cost.picos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_more() -> impl Strategy<Value = (More<'static>, Option<String>)> {
        let number = || prop_oneof![Just(0), 1..200_u32, any::<u32>()];
        let id = || proptest::option::of(prop_oneof![1..200_i64, 0..=i64::MAX]);
        let kinds = (0..3_usize, 0..3_usize, any::<[bool; 3]>());
        let numbers = proptest::array::uniform5(number());
        let cost = proptest::option::of(any::<u64>());
        let alias = proptest::option::of("\\PC{1,20}");
        (id(), numbers, id(), alias, number(), kinds, cost).prop_map(
            |(terms, numbers, tag_set, alias, revision, (outcome, quality, flags), stated_cost)| {
                let more = More {
                    terms: terms.map(i64::cast_unsigned),
                    numbers,
                    tag_set,
                    alias: None,
                    revision,
                    outcome: Outcome::ALL[outcome],
                    quality: Quality::ALL[quality],
                    is_inconsistent: flags[0],
                    is_time_stated: flags[1],
                    is_elsewhere: flags[2],
                    stated_cost,
                };
                (more, alias)
            },
        )
    }

    proptest! {
        #[test]
        fn bytes_come_back_as_what_they_were((more, alias) in any_more()) {
            let more = More { alias: alias.as_deref(), ..more };
            let mut bytes = vec![1, 2, 3];
            more.encode(&mut bytes);
            prop_assert_eq!(bytes.is_empty(), more.is_none());
            if !more.is_none() {
                prop_assert_eq!(More::decode(&bytes), Ok(more));
            }
            // A byte too few is never taken for something else, unless it is one of an alias.
            if alias.is_none() && bytes.pop().is_some() {
                prop_assert!(More::decode(&bytes).is_err());
            }
        }

        #[test]
        fn any_bytes_are_read_without_trouble(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(more) = More::decode(&bytes) {
                let _ = more.counts([0; COLUMNS], Timestamp::from_micros(0));
            }
        }
    }

    /// Checks that what is in ledgers never changes, as `docs/reference/schema.md` tells it.
    #[test]
    fn each_bit_stays_what_it_is() {
        let none = More::NONE;
        for (more, bytes) in [
            (More { terms: Some(300), ..none }, &[0x01, 0xac, 0x02][..]),
            (More { numbers: [7, 0, 0, 0, 0], ..none }, &[0x02, 7]),
            (More { tag_set: Some(5), ..none }, &[0x04, 5]),
            (More { alias: Some("ab"), ..none }, b"\x08ab"),
            (More { revision: 30, ..none }, &[0x10, 30]),
            (More { outcome: Outcome::Error, ..none }, &[0x20, 1]),
            (More { outcome: Outcome::Cancelled, ..none }, &[0x20, 2]),
            (More { quality: Quality::Partial, ..none }, &[0x20, 4]),
            (More { quality: Quality::Estimated, ..none }, &[0x20, 8]),
            (More { is_inconsistent: true, ..none }, &[0x20, 16]),
            (More { is_time_stated: false, ..none }, &[0x20, 32]),
            (More { is_elsewhere: true, ..none }, &[0x20, 64]),
            (More { stated_cost: Some(0), ..none }, &[0x40, 0]),
            (More { numbers: [0, 1, 0, 0, 0], ..none }, &[0x80, 1, 1]),
            (More { numbers: [0, 0, 2, 0, 0], ..none }, &[0x80, 2, 2]),
            (More { numbers: [0, 0, 0, 3, 0], ..none }, &[0x80, 4, 3]),
            (More { numbers: [0, 0, 0, 0, 4], ..none }, &[0x80, 8, 4]),
            (More { tag_set: Some(5), alias: Some("x"), revision: 9, ..none }, b"\x1c\x05\x09x"),
        ] {
            let mut found = Vec::new();
            more.encode(&mut found);
            assert_eq!(found, bytes, "{more:?}");
            assert_eq!(More::decode(bytes), Ok(more));
        }
    }

    #[test]
    fn what_a_newer_version_writes_is_no_damage() {
        for newer in [&[0x80, 0x10, 1][..], &[0x20, 0x80, 1], &[0x20, 3], &[0x20, 12]] {
            assert_eq!(More::decode(newer), Err(MoreError::Newer), "{newer:?}");
        }
        for bytes in [&[][..], &[0x08], &[0x04], &[0x04, 5, 5], &[0x08, 0xff], &[0x80]] {
            assert_eq!(More::decode(bytes), Err(MoreError::Unreadable), "{bytes:?}");
        }
    }
}
