//! Elements of the lists in a response.

use crate::json::Element as Field;

/// The role of an entry of Anthropic's `iterations`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// One hop of the answer; part of the top level, but for a model that declined.
    #[default]
    Message,
    /// The hop that answered after another model declined.
    Fallback,
    /// Work beside the answer that the top level does not hold.
    Apart,
}

/// An entry of Anthropic's `iterations`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Iteration {
    pub(crate) role: Role,
    pub(crate) model: Option<Box<str>>,
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_creation: Option<u64>,
    pub(crate) write_short: u64,
    pub(crate) write_long: u64,
    pub(crate) thinking: u64,
}

/// The element of a list that is being read.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    pub(super) kind: Kind,
    pub(super) not_a_search: bool,
    pub(super) tokens: Option<u64>,
    pub(super) iteration: Iteration,
}

/// The kind of an element, as far as anything depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Other,
    Audio,
    Hour,
    Search,
}

impl Element {
    /// Takes the words that say what the element is.
    pub(super) fn word(&mut self, field: Field, word: &str) {
        match field {
            Field::Kind => {
                self.kind = match word {
                    _ if word.eq_ignore_ascii_case("audio") => Kind::Audio,
                    "1h" => Kind::Hour,
                    "web_search_call" | "google_search" => Kind::Search,
                    _ => Kind::Other,
                };
                self.iteration.role = match word {
                    "fallback_message" => Role::Fallback,
                    "compaction" => Role::Apart,
                    _ if word.starts_with("advisor") => Role::Apart,
                    // What is not known is taken for a part of the top level: rather once too
                    // little than twice.
                    _ => Role::Message,
                };
            }
            // Only searches are billed a piece; pages that are opened are not.
            Field::Action => self.not_a_search = word != "search",
            Field::Model => self.iteration.model = Some(word.into()),
            _ => {}
        }
    }

    /// Takes a number.
    pub(super) fn number(&mut self, field: Field, count: u64) {
        let iteration = &mut self.iteration;
        match field {
            Field::Tokens => self.tokens = Some(count),
            Field::Input => iteration.input = count,
            Field::Output => iteration.output = count,
            Field::CacheCreation => iteration.cache_creation = Some(count),
            Field::CacheRead => iteration.cache_read = count,
            Field::WriteShort => iteration.write_short = count,
            Field::WriteLong => iteration.write_long = count,
            Field::Thinking => iteration.thinking = count,
            Field::Kind | Field::Action | Field::Model => {}
        }
    }
}
