//! From what a response says to what a record holds. Whatever knows both is here.

use usage_core::record::{MAX_COUNT, MAX_NAME_BYTES, MAX_SEARCHES};
use usage_core::{EventId, LabelNames, Measure, Money, Timestamp, TokenCounts, Usage};

use crate::counts::Counts;
use crate::part::Part;
use crate::tables::{event_id, made_id};

/// ```
/// use usage_core::{LabelNames, Timestamp};
/// use usage_providers::{Hints, read_response};
///
/// let body = br#"{"id":"msg_01XFDUDYJgAACzvnptvVoYEL","type":"message","model":"claude-sonnet-5",
///     "usage":{"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":5}}"#;
/// let part = &read_response(body, Hints::new()).parts[0];
/// let usage = part.usage(Timestamp::from_micros(1_777_787_761_000_000));
/// assert_eq!(usage.tokens.total(), 105);
/// let asked = LabelNames::new().with_provider("anthropic").with_model("sonnet");
/// assert_eq!(part.names(asked), asked.with_model("claude-sonnet-5"));
/// ```
impl Part {
    /// Returns the usage of a record of this part. A record takes it whatever the response says, as
    /// long as it takes the time.
    #[must_use]
    pub fn usage(&self, timestamp: Timestamp) -> Usage {
        let searches = at_most(self.counts.web_searches, MAX_SEARCHES);
        let mut usage = Usage::new(self.counts.tokens(), timestamp)
            .with_fallbacks(self.fallbacks.into())
            .with_web_searches(searches)
            .with_outcome(self.outcome)
            .with_quality(self.quality);
        usage.is_inconsistent = self.inconsistent || !self.counts.fit();
        usage.stated_cost = self.stated_cost.map(|cost| Money::from_picos(cost.into()));
        usage
    }

    /// Returns the names of a request with what its response says in their place: the tier, and the
    /// model that answered, unless its name is one that no record may have.
    #[must_use]
    pub fn names<'a>(&'a self, asked: LabelNames<'a>) -> LabelNames<'a> {
        let is_name =
            |name: &&str| !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains('\0');
        let names = self.label_tier().map_or(asked, |tier| asked.with_tier(tier.name()));
        self.model.as_deref().filter(is_name).map_or(names, |model| names.with_model(model))
    }

    /// Returns the id of the event that this part is, where the response has one.
    #[must_use]
    pub fn event_id(&self) -> Option<EventId> {
        let id = self.response_id.as_deref().filter(|id| !id.is_empty())?;
        // No event id holds a NUL.
        EventId::new(event_id(id)).or_else(|_| EventId::new(made_id([id]))).ok()
    }
}

impl Counts {
    /// Returns the tokens of a record. A number that no record may carry is no count, and left out;
    /// kinds that stand beside a total of unknown kinds are added to it.
    #[must_use]
    pub fn tokens(&self) -> TokenCounts {
        if self.unclassified > 0 {
            return TokenCounts::unclassified(at_most(self.total(), MAX_COUNT));
        }
        let kinds = [
            (Measure::Input, self.input),
            (Measure::Output, self.output),
            (Measure::CacheRead, self.cache_read),
            (Measure::CacheWrite, self.cache_write),
            (Measure::Reasoning, self.reasoning),
            (Measure::CacheWriteLong, self.cache_write_long),
            (Measure::InputAudio, self.input_audio),
            (Measure::OutputAudio, self.output_audio),
            (Measure::CacheReadAudio, self.cache_read_audio),
        ];
        // Wholes come before their parts.
        kinds.into_iter().fold(TokenCounts::new(), |tokens, (measure, count)| {
            let whole = measure.part_of().map_or(u64::MAX, |whole| tokens.get(whole));
            tokens.with(measure, at_most(count, MAX_COUNT).min(whole))
        })
    }

    /// Returns whether a record can hold all of the counts as they are.
    fn fit(&self) -> bool {
        let mixed = self.unclassified > 0 && self.total() > self.unclassified;
        let kinds = [self.input, self.output, self.cache_read, self.cache_write, self.unclassified];
        let small = kinds.into_iter().all(|count| count <= MAX_COUNT.into());
        small && !mixed && self.web_searches <= MAX_SEARCHES.into()
    }
}

/// A number over the most that a record may state is no count.
fn at_most(count: u64, most: u32) -> u64 {
    if count > most.into() { 0 } else { count }
}

#[cfg(test)]
mod tests {
    use usage_core::{Labels, Outcome, Quality, Record};

    use super::*;

    const WHEN: Timestamp = Timestamp::from_micros(1_777_787_761_000_000);
    const ASKED: LabelNames<'_> =
        LabelNames::new().with_instance("i").with_route("r").with_model("asked");

    /// Returns the token counts that a record holds of a part.
    fn tokens(counts: Counts) -> TokenCounts {
        let part = Part { counts, ..Part::default() };
        Record::new(Labels::new(ASKED).unwrap(), part.usage(WHEN)).unwrap().tokens()
    }

    #[test]
    fn kinds_are_those_of_the_response() {
        let counts = Counts {
            input: 1,
            output: 20,
            cache_read: 300,
            cache_write: 4_000,
            reasoning: 5,
            cache_write_long: 600,
            input_audio: 1,
            output_audio: 7,
            cache_read_audio: 80,
            ..Counts::default()
        };
        let expected = TokenCounts::new()
            .with_input(1)
            .with_output(20)
            .with_cache_read(300)
            .with_cache_write(4_000)
            .with_reasoning(5)
            .with_cache_write_long(600)
            .with(Measure::InputAudio, 1)
            .with(Measure::OutputAudio, 7)
            .with(Measure::CacheReadAudio, 80);
        assert_eq!(tokens(counts), expected);
        let part = Part { counts, fallbacks: 2, ..Part::default() };
        assert_eq!(part.usage(WHEN).fallbacks, 2);
    }

    #[test]
    fn how_it_went_and_how_sure_it_is_are_those_of_the_response() {
        let part = Part {
            counts: Counts { web_searches: 3, ..Counts::default() },
            outcome: Outcome::Cancelled,
            quality: Quality::Partial,
            stated_cost: Some(14_547_600_000),
            ..Part::default()
        };
        let usage = part.usage(WHEN);
        assert_eq!((usage.outcome, usage.quality), (Outcome::Cancelled, Quality::Partial));
        assert_eq!((usage.web_searches, usage.is_inconsistent), (3, false));
        assert_eq!(usage.stated_cost.map(|cost| cost.to_string()).as_deref(), Some("0.0145476"));
        assert!(Part { inconsistent: true, ..Part::default() }.usage(WHEN).is_inconsistent);
    }

    #[test]
    fn what_a_record_cannot_hold_is_told() {
        let most = u64::from(MAX_COUNT);
        for (counts, fits) in [
            (Counts { input: most, ..Counts::default() }, true),
            (Counts { input: most + 1, ..Counts::default() }, false),
            (Counts { unclassified: 5, ..Counts::default() }, true),
            (Counts { unclassified: 5, output: 1, ..Counts::default() }, false),
            (Counts { web_searches: u64::from(MAX_SEARCHES) + 1, ..Counts::default() }, false),
        ] {
            let part = Part { counts, ..Part::default() };
            assert_eq!(part.usage(WHEN).is_inconsistent, !fits, "{counts:?}");
        }
    }

    #[test]
    fn the_tier_is_that_of_the_response() {
        use crate::part::Speed;
        use usage_core::Tier;
        let tier = |tier: Option<Tier>, speed: Speed| {
            let part = Part { tier, speed, ..Part::default() };
            part.names(ASKED.with_tier("asked")).get(usage_core::Label::Tier).to_owned()
        };
        assert_eq!(tier(None, Speed::Standard), "asked");
        assert_eq!(tier(Some(Tier::Batch), Speed::Standard), "batch");
        assert_eq!(tier(Some(Tier::Standard), Speed::Fast), "fast");
    }

    #[test]
    fn a_record_takes_whatever_a_response_says() {
        let most = u64::from(MAX_COUNT);
        let huge = Counts { input: most + 1, output: u64::MAX, reasoning: 7, ..Counts::default() };
        assert_eq!(tokens(huge), TokenCounts::new());
        let just = Counts { input: most, output: 3, reasoning: 3, ..Counts::default() };
        assert_eq!(tokens(just).total(), most + 3);
        let mixed = Counts { unclassified: 5, input: 2, reasoning: 9, ..Counts::default() };
        assert_eq!(tokens(mixed), TokenCounts::unclassified(7));
    }

    #[test]
    fn the_model_that_answered_takes_the_place_of_the_one_that_was_asked() {
        let names = |model: Option<String>| {
            let part = Part { model, ..Part::default() };
            part.names(ASKED).get(usage_core::Label::Model).to_owned()
        };
        assert_eq!(names(Some("m".repeat(MAX_NAME_BYTES))), "m".repeat(MAX_NAME_BYTES));
        for none in ["", "a\0b", &"m".repeat(MAX_NAME_BYTES + 1)] {
            assert_eq!(names(Some(none.to_owned())), "asked", "{none:?}");
        }
        assert_eq!(names(None), "asked");
    }

    #[test]
    fn every_id_of_a_response_makes_an_event_id() {
        let id = |id: &str| {
            let part = Part { response_id: Some(id.to_owned()), ..Part::default() };
            part.event_id().map(|id| id.as_str().to_owned())
        };
        assert_eq!(id("msg_1").as_deref(), Some("msg_1"));
        for odd in ["a\0b", &"x".repeat(65), "~mine"] {
            assert_eq!(id(odd), Some(made_id([odd])), "{odd:?}");
        }
        assert_eq!(id(""), None);
    }
}
