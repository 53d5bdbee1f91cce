//! One event, or a whole body: taken over only once it has been read to its end.

use super::element::{Element, Kind, Role};
use super::{Facts, MOST_ITERATIONS};
use crate::hints::Dialect;
use crate::json::{Element as Field, List, Number, Scalar, Take, Target, Text, Word};
use crate::number;

/// Numbers that only the last event of a stream states.
const LAST_ONLY: [Number; 4] =
    [Number::ConverseInput, Number::ConverseOutput, Number::InvokeInput, Number::InvokeOutput];

/// One event while it is read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Event {
    pub(super) facts: Facts,
    pub(super) iterations_seen: bool,
    element: Element,
    /// The number of choices that an event of a Chat has; `None` where it has no list of them.
    choices: Option<u32>,
    /// Says whether the event's type is one that only the last event has.
    last_type: bool,
    /// The model that answers, as far as earlier events said.
    pub(super) answering: Option<Box<str>>,
}

impl Event {
    /// Begins with another event.
    pub(crate) fn clear(&mut self) {
        *self = Self { answering: self.answering.take(), ..Self::default() };
    }

    /// Returns whether numbers in this event are the last that will come.
    pub(super) fn ends(&self) -> bool {
        self.last_type
            || self.facts.usage
                && (self.facts.stopped || self.choices == Some(0) || self.facts.any(&LAST_ONLY))
    }

    fn set(&mut self, number: Number, count: u64) {
        if let Some(place) = self.facts.numbers.0.get_mut(number as usize) {
            *place = Some(count);
        }
        self.facts.usage = true;
    }

    fn add(&mut self, number: Number, count: u64) {
        let sum = self.facts.get(number).saturating_add(count);
        self.set(number, sum);
    }

    fn word(&mut self, word: Word, text: &str) {
        match word {
            Word::Type => self.kind(text),
            Word::Object => match text {
                "response" => self.facts.dialect = Some(Dialect::OpenAiResponses),
                "interaction" => self.facts.dialect = Some(Dialect::GeminiInteractions),
                "list" => self.facts.object_list = true,
                "text_completion" | "text_completion.chunk" => {
                    self.facts.dialect = Some(Dialect::OpenAiChat);
                }
                _ if text.starts_with("chat.completion") => {
                    self.facts.dialect = Some(Dialect::OpenAiChat);
                }
                _ => {}
            },
            Word::Status => match text {
                "completed" | "incomplete" | "requires_action" => self.facts.stopped = true,
                "failed" => self.facts.error = true,
                "cancelled" => self.facts.cancelled = true,
                _ => {}
            },
            Word::Stop => self.facts.stopped = true,
            Word::ConverseStop => {
                self.facts.stopped = true;
                self.facts.dialect = Some(Dialect::BedrockConverse);
            }
            Word::Error => self.facts.error = true,
            Word::Converse => self.facts.dialect = Some(Dialect::BedrockConverse),
        }
    }

    /// Takes the type of an event.
    fn kind(&mut self, text: &str) {
        match text {
            "error" => self.facts.error = true,
            "message" | "message_start" | "message_delta" => {
                self.facts.dialect = Some(Dialect::AnthropicMessages);
            }
            "message-start" => self.facts.dialect = Some(Dialect::Cohere),
            "message-end" => {
                self.facts.dialect = Some(Dialect::Cohere);
                self.last_type = true;
            }
            "response.completed" | "response.incomplete" | "response.done" => {
                self.facts.dialect = Some(Dialect::OpenAiResponses);
                self.last_type = true;
            }
            "response.failed" => {
                self.facts.dialect = Some(Dialect::OpenAiResponses);
                self.facts.error = true;
                self.last_type = true;
            }
            "response.created" | "response.in_progress" | "response.queued" => {
                self.facts.dialect = Some(Dialect::OpenAiResponses);
            }
            "interaction.completed" | "interaction.complete" => {
                self.facts.dialect = Some(Dialect::GeminiInteractions);
                self.last_type = true;
            }
            "interaction.created" | "interaction.start" => {
                self.facts.dialect = Some(Dialect::GeminiInteractions);
            }
            "speech.audio.done"
            | "transcript.text.done"
            | "image_generation.completed"
            | "image_edit.completed" => self.last_type = true,
            _ => {}
        }
    }

    fn number(&mut self, number: Number, scalar: Scalar<'_>) {
        match count(scalar) {
            Ok(Some(count)) => self.set(number, count),
            Ok(None) => {}
            Err(NoCount) => self.facts.bad = true,
        }
    }

    fn text(&mut self, text: Text, value: &str) {
        if !value.is_empty()
            && let Some(place) = self.facts.texts.get_mut(text as usize)
        {
            *place = Some(value.into());
        }
    }

    fn element(&mut self, field: Field, scalar: Scalar<'_>) {
        if matches!(field, Field::Kind | Field::Action | Field::Model) {
            if let Scalar::Text(word) = scalar {
                self.element.word(field, word);
            }
            return;
        }
        match count(scalar) {
            Ok(Some(count)) => self.element.number(field, count),
            Ok(None) => {}
            Err(NoCount) => self.facts.bad = true,
        }
    }

    /// Keeps an iteration that can be a record of its own.
    fn keep_iteration(&mut self) {
        let iteration = std::mem::take(&mut self.element.iteration);
        if iteration.role == Role::Message && iteration.model.is_none() {
            return;
        }
        if self.facts.iterations.len() >= MOST_ITERATIONS {
            // Hops of the answer only wait to be told from those of a model that declined.
            let answering = self.facts.text(Text::Model).map(Box::from).or(self.answering.clone());
            self.facts
                .iterations
                .retain(|kept| kept.role != Role::Message || kept.model != answering);
        }
        if self.facts.iterations.len() < MOST_ITERATIONS {
            self.facts.iterations.push(iteration);
        } else if let Some(last) = self.facts.iterations.last_mut() {
            // Counted, though under the name of another.
            last.input = last.input.saturating_add(iteration.input);
            last.output = last.output.saturating_add(iteration.output);
            last.cache_read = last.cache_read.saturating_add(iteration.cache_read);
            let (ours, theirs) = (last.cache_creation, iteration.cache_creation);
            last.cache_creation = ours.map(|ours| ours.saturating_add(theirs.unwrap_or(0)));
            self.facts.bad = true;
        }
    }
}

/// Something that is no count where one belongs.
struct NoCount;

fn count(scalar: Scalar<'_>) -> Result<Option<u64>, NoCount> {
    let text = match scalar {
        Scalar::Null => return Ok(None),
        Scalar::Number(text) => text,
        Scalar::Text(text) => text.as_bytes(),
        Scalar::Bool | Scalar::Unreadable => return Err(NoCount),
    };
    number::count(text).map(Some).ok_or(NoCount)
}

impl Take for Event {
    fn scalar(&mut self, target: &'static Target, scalar: Scalar<'_>) {
        match (target, scalar) {
            (Target::Either(first, _), scalar) => self.scalar(first, scalar),
            (Target::Number(number), scalar) => self.number(*number, scalar),
            (Target::Element(field), scalar) => self.element(*field, scalar),
            (Target::Text(text), Scalar::Text(value)) => self.text(*text, value),
            (Target::Word(word), Scalar::Text(value)) => self.word(*word, value),
            (Target::Word(Word::Error), Scalar::Number(_)) => self.facts.error = true,
            (Target::Cost, Scalar::Number(text)) => {
                let cost = std::str::from_utf8(text).ok().and_then(number::pico_dollars);
                self.facts.bad |= cost.is_none();
                self.facts.cost = cost.or(self.facts.cost);
            }
            (Target::Cost, Scalar::Text(text)) => {
                self.facts.cost = number::pico_dollars(text).or(self.facts.cost);
            }
            _ => {}
        }
    }

    fn container(&mut self, target: &'static Target) {
        match target {
            Target::Word(Word::Error) => self.facts.error = true,
            Target::Word(Word::Converse) => self.word(Word::Converse, ""),
            Target::Number(_) | Target::Element(_) => self.facts.bad = true,
            _ => {}
        }
    }

    fn begin(&mut self, list: List) {
        self.element = Element::default();
        match list {
            List::Iterations => {
                self.iterations_seen = true;
                self.facts.iterations.clear();
            }
            List::Choices => {
                self.choices = Some(0);
                self.facts.dialect = self.facts.dialect.or(Some(Dialect::OpenAiChat));
            }
            List::Candidates => self.facts.dialect = Some(Dialect::Gemini),
            List::Output | List::CacheDetails | List::Grounding | List::Predictions => {}
            List::Audio(number) => self.set(number, 0),
        }
    }

    fn end_element(&mut self, list: List) {
        let kind = self.element.kind;
        let tokens = self.element.tokens.unwrap_or(0);
        match list {
            List::Iterations => self.keep_iteration(),
            List::Choices => self.choices = Some(self.choices.unwrap_or(0).saturating_add(1)),
            List::Candidates => {}
            List::Output if kind == Kind::Search && !self.element.not_a_search => {
                let calls = self.facts.get(Number::SearchCalls);
                if let Some(place) = self.facts.numbers.0.get_mut(Number::SearchCalls as usize) {
                    *place = Some(calls.saturating_add(1));
                }
            }
            List::CacheDetails if kind == Kind::Hour => self.add(Number::ConverseWriteLong, tokens),
            List::Grounding if kind == Kind::Search => self.add(Number::WebSearches, tokens),
            List::Predictions => self.add(Number::Embedded, tokens),
            List::Audio(number) if kind == Kind::Audio => self.add(number, tokens),
            List::Output | List::CacheDetails | List::Grounding | List::Audio(_) => {}
        }
        self.element = Element::default();
    }
}
