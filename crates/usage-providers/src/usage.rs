//! From what a response says to what a record holds. Whatever knows both is here.

use usage_core::record::{MAX_COUNT, MAX_NAME_BYTES};
use usage_core::{EventId, LabelNames, Timestamp, TokenCounts, Usage};

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
        Usage::new(self.counts.tokens(), timestamp).with_fallbacks(self.fallbacks.into())
    }

    /// Returns the names of a request with what its response says in their place: the model that
    /// answered, unless its name is one that no record may have.
    #[must_use]
    pub fn names<'a>(&'a self, asked: LabelNames<'a>) -> LabelNames<'a> {
        let is_name =
            |name: &&str| !name.is_empty() && name.len() <= MAX_NAME_BYTES && !name.contains('\0');
        self.model.as_deref().filter(is_name).map_or(asked, |model| asked.with_model(model))
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
        let fit = |count: u64| if count > u64::from(MAX_COUNT) { 0 } else { count };
        if self.unclassified > 0 {
            return TokenCounts::unclassified(fit(self.total()));
        }
        let output = fit(self.output);
        TokenCounts::new()
            .with_input(fit(self.input))
            .with_output(output)
            .with_cache_read(fit(self.cache_read))
            .with_cache_write(fit(self.cache_write))
            .with_reasoning(self.reasoning.min(output))
    }
}

#[cfg(test)]
mod tests {
    use usage_core::{Labels, Record};

    use super::*;

    const WHEN: Timestamp = Timestamp::from_micros(1_777_787_761_000_000);
    const ASKED: LabelNames<'_> =
        LabelNames::new().with_instance("i").with_route("r").with_model("asked");

    /// What a record holds of a part.
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
            ..Counts::default()
        };
        let expected = TokenCounts::new()
            .with_input(1)
            .with_output(20)
            .with_cache_read(300)
            .with_cache_write(4_000)
            .with_reasoning(5);
        assert_eq!(tokens(counts), expected);
        let part = Part { counts, fallbacks: 2, ..Part::default() };
        assert_eq!(part.usage(WHEN).fallbacks, 2);
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
