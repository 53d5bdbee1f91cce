//! The numbers of a record, checked.

use super::{
    Field, MAX_COUNT, Measure, Money, Outcome, Quality, RecordError, TokenCounts, Usage, tokens,
};
use crate::Timestamp;

/// The checked numbers of a record, how it went, and when: a record without its names.
///
/// Small and `Copy`, so that it can be handed over by itself where the names are known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Counts {
    numbers: [u32; Measure::NUMBERS],
    revision: u32,
    timestamp: Timestamp,
    /// In steps of [`Money`]; [`NOT_STATED`].
    stated_cost: u64,
    outcome: Outcome,
    quality: Quality,
    /// Bits, not to take more room than the numbers leave: a record is moved often.
    flags: u8,
}

const INCONSISTENT: u8 = 1;
const ELSEWHERE: u8 = 1 << 1;
const TIME_NOT_STATED: u8 = 1 << 2;

/// The greatest value that each number may have.
const MAX: [u64; Measure::NUMBERS] = {
    let mut max = [0; Measure::NUMBERS];
    let mut at = 0;
    while at < max.len() {
        max[at] = Measure::ALL[at].max() as u64;
        at += 1;
    }
    max
};

/// The place of the whole of each number that is a part; its own of one that is none.
const WHOLE: [usize; Measure::NUMBERS] = {
    let mut wholes = [0; Measure::NUMBERS];
    let mut at = 0;
    while at < wholes.len() {
        wholes[at] = match Measure::ALL[at].part_of() {
            Some(whole) => whole as usize,
            None => at,
        };
        at += 1;
    }
    wholes
};

const NOT_STATED: u64 = u64::MAX;

impl Counts {
    /// No counts at all, at the first instant that a record may carry.
    pub const NONE: Self = Self {
        numbers: [0; Measure::NUMBERS],
        revision: 0,
        timestamp: Timestamp::MIN_RECORD,
        stated_cost: NOT_STATED,
        outcome: Outcome::Ok,
        quality: Quality::Reported,
        flags: 0,
    };

    /// The number of one measure. Of those that count requests it is 0 or 1.
    #[must_use]
    #[inline]
    pub const fn get(&self, measure: Measure) -> u32 {
        let place = measure as usize;
        if place < Measure::NUMBERS { self.numbers[place] } else { self.requests(measure) }
    }

    /// Returns 1 if the measure is true of the request, and else 0.
    #[inline]
    const fn requests(&self, measure: Measure) -> u32 {
        let is_so = match measure {
            Measure::Errors => matches!(self.outcome, Outcome::Error),
            Measure::Cancelled => matches!(self.outcome, Outcome::Cancelled),
            Measure::Partial => matches!(self.quality, Quality::Partial),
            Measure::Estimated => matches!(self.quality, Quality::Estimated),
            Measure::Inconsistent => self.is_inconsistent(),
            Measure::Elsewhere => self.flags & ELSEWHERE != 0,
            Measure::Stated => self.stated_cost != NOT_STATED,
            _ => false,
        };
        is_so as u32
    }

    /// Returns whether it says nothing but the time and numbers up to [`Measure::Fallbacks`], as nearly all do:
    /// for this project's crates, which take a shorter way with these.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub fn is_usual(&self) -> bool {
        let rare = &self.numbers[Measure::USUAL..];
        rare.iter().fold(0, |any, number| any | number) == 0
            && self.flags == 0
            && self.revision == 0
            && self.stated_cost == NOT_STATED
            && (self.outcome, self.quality) == (Outcome::Ok, Quality::Reported)
    }

    /// The numbers that a record states, in the order of [`Measure::ALL`].
    #[must_use]
    #[inline]
    pub const fn numbers(&self) -> &[u32; Measure::NUMBERS] {
        &self.numbers
    }

    /// All numbers, those that count requests too, in the order of [`Measure::ALL`].
    #[must_use]
    #[inline]
    pub fn all(&self) -> [u32; Measure::COUNT] {
        let mut all = [0; Measure::COUNT];
        let (numbers, requests) = all.split_at_mut(Measure::NUMBERS);
        numbers.copy_from_slice(&self.numbers);
        for (number, measure) in requests.iter_mut().zip(&Measure::ALL[Measure::NUMBERS..]) {
            *number = self.requests(*measure);
        }
        all
    }

    /// The time when the request was handled.
    #[must_use]
    #[inline]
    pub const fn timestamp(&self) -> Timestamp {
        self.timestamp
    }

    /// Returns whether its source has said when; else the time is that of its arrival.
    #[must_use]
    pub const fn is_time_stated(&self) -> bool {
        self.flags & TIME_NOT_STATED == 0
    }

    /// Returns the outcome of the request.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns the certainty of the counts.
    #[must_use]
    pub const fn quality(&self) -> Quality {
        self.quality
    }

    /// Returns whether the counts did not add up.
    #[must_use]
    pub const fn is_inconsistent(&self) -> bool {
        self.flags & INCONSISTENT != 0
    }

    /// Returns the number of this telling of its event; the highest holds.
    #[must_use]
    pub const fn revision(&self) -> u32 {
        self.revision
    }

    /// Returns the cost that the source states.
    #[must_use]
    pub const fn stated_cost(&self) -> Option<Money> {
        match self.stated_cost {
            NOT_STATED => None,
            picos => Some(Money::from_picos(picos as u128)),
        }
    }

    /// The tokens by kind.
    #[must_use]
    pub fn tokens(&self) -> TokenCounts {
        let numbers = Measure::ALL.into_iter().zip(self.numbers);
        numbers.fold(TokenCounts::new(), |tokens, (measure, number)| {
            tokens.with(measure, number.into())
        })
    }

    /// As a caller would state it.
    #[must_use]
    pub fn usage(&self) -> Usage {
        let mut usage = Usage::new(self.tokens(), self.timestamp)
            .with_fallbacks(self.get(Measure::Fallbacks).into())
            .with_web_searches(self.get(Measure::WebSearches).into())
            .with_outcome(self.outcome)
            .with_quality(self.quality)
            .with_revision(self.revision);
        usage.is_inconsistent = self.is_inconsistent();
        usage.stated_cost = self.stated_cost();
        usage.is_time_stated = self.is_time_stated();
        usage
    }

    /// As one that another instance has recorded too, or not: the ledger finds out.
    #[must_use]
    pub const fn with_elsewhere(self, is_elsewhere: bool) -> Self {
        let others = self.flags & !ELSEWHERE;
        Self { flags: if is_elsewhere { others | ELSEWHERE } else { others }, ..self }
    }
}

/// # Errors
/// When a count is over what its measure [may be](Measure::max), a stated cost over
/// [`Money::MAX_STATED`], a revision over [`MAX_COUNT`], a bare total stands beside counts by kind, or the time is outside 1970 to 2100.
impl TryFrom<Usage> for Counts {
    type Error = RecordError;

    #[inline]
    fn try_from(usage: Usage) -> Result<Self, RecordError> {
        let stated = usage.numbers();
        let is_over = stated.iter().zip(&MAX).fold(false, |any, (count, max)| any | (count > max));
        // What is wrong is named in a second look, out of the way of what is right.
        if is_over | (usage.tokens.unclassified > 0) {
            tokens::check(|measure| usage.get(measure))?;
        }
        let Usage { timestamp, outcome, quality, revision, is_time_stated, .. } = usage;
        if !timestamp.is_recordable() {
            return Err(RecordError::OutOfRange { timestamp });
        }
        if revision > MAX_COUNT {
            let (field, count) = (Field::Revision, u64::from(revision));
            return Err(RecordError::TooLarge { field, count, max: MAX_COUNT });
        }
        let stated_cost = match usage.stated_cost {
            None => NOT_STATED,
            Some(cost) if cost > Money::MAX_STATED => return Err(RecordError::TooDear { cost }),
            // Nine million dollars have 63 bits.
            Some(cost) => u64::try_from(cost.picos()).unwrap_or(NOT_STATED - 1),
        };
        // It was checked that they are small.
        let stated = stated.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        let mut numbers = stated;
        let mut is_inconsistent = usage.is_inconsistent;
        for (number, whole) in numbers.iter_mut().zip(WHOLE) {
            is_inconsistent |= *number > stated[whole];
            *number = stated[whole].min(*number);
        }
        let bit = |bit: u8, is_so: bool| if is_so { bit } else { 0 };
        let flags = bit(INCONSISTENT, is_inconsistent) | bit(TIME_NOT_STATED, !is_time_stated);
        Ok(Self { numbers, revision, timestamp, stated_cost, outcome, quality, flags })
    }
}
