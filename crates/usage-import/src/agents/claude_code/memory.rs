//! What is remembered of a transcript: when it began, and what the program itself has counted.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;

use super::quality::characters;
use crate::agents::counted::Counted;
use crate::agents::progress::{hash, put_number, put_text, take_number, take_text};

/// The beginning of a row with the total of a session until then.
pub(super) const TOTAL: &[u8] = b"{\"type\":\"cost-state\"";

/// Sessions that one is forked from; more are not remembered.
const MOST_WITHIN: usize = 16;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    /// The time of the first row that has one, in microseconds. A fork begins with a row of its own, and then come the
    /// copies, which are older.
    pub(super) start: Option<u64>,
    session: String,
    /// The last total.
    total: Option<[u64; 4]>,
    within: Vec<String>,
    /// A hash of the id of the answer whose rows come, and how many characters these have until now.
    answer: Option<(u64, u64)>,
}

impl Memory {
    /// Returns how many characters the rows of an answer have until now: this one, and those just before it.
    pub(super) fn characters(&mut self, id: &str, row: &[u8]) -> u64 {
        let hashed = hash(id.as_bytes());
        let before = self.answer.filter(|(of, _)| *of == hashed).map_or(0, |(_, before)| before);
        let characters = before.saturating_add(characters(row));
        self.answer = Some((hashed, characters));
        characters
    }

    /// Remembers the total of a session.
    pub(super) fn total(&mut self, line: &[u8]) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct State<'a> {
            #[serde(borrow)]
            session_id: Cow<'a, str>,
            #[serde(borrow)]
            model_usage: HashMap<Cow<'a, str>, Model>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase", default)]
        #[derive(Default)]
        struct Model {
            input_tokens: u64,
            output_tokens: u64,
            cache_read_input_tokens: u64,
            cache_creation_input_tokens: u64,
        }
        // It is only compared with: one that cannot be read says nothing.
        let Ok(state) = serde_json::from_slice::<State<'_>>(line) else { return };
        let mut total = [0_u64; 4];
        for model in state.model_usage.values() {
            let of = [
                model.input_tokens,
                model.output_tokens,
                model.cache_read_input_tokens,
                model.cache_creation_input_tokens,
            ];
            total.iter_mut().zip(of).for_each(|(total, of)| *total = total.saturating_add(of));
        }
        (self.session, self.total) = (state.session_id.into_owned(), Some(total));
    }

    /// Remembers that a session holds what was done in another.
    pub(super) fn within(&mut self, session: &str, of: &str) {
        let is_known = of == session || self.within.iter().any(|within| within == of);
        if !is_known && self.within.len() < MOST_WITHIN {
            self.within.push(of.to_owned());
        }
    }

    pub(super) fn counted(self) -> Option<Counted> {
        let Self { start, session, total, within, .. } = self;
        let start = i64::try_from(start?).ok()?;
        Some(Counted { session, start, within, tokens: total? })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let mut to = Vec::new();
        let Some(start) = self.start else { return to };
        put_number(&mut to, start);
        if self.total.is_none() && self.within.is_empty() && self.answer.is_none() {
            return to;
        }
        let has_answer = u64::from(self.answer.is_some());
        put_number(&mut to, u64::from(self.total.is_some()) | has_answer << 1);
        self.total.iter().flatten().for_each(|number| put_number(&mut to, *number));
        if let Some((id, characters)) = self.answer {
            put_number(&mut to, id);
            put_number(&mut to, characters);
        }
        put_text(&mut to, &self.session);
        self.within.iter().for_each(|of| put_text(&mut to, of));
        to
    }

    /// Reads what [`write`](Self::write) wrote, as far as it goes.
    pub(super) fn read(mut from: &[u8]) -> Self {
        let from = &mut from;
        let mut memory = Self { start: take_number(from), ..Self::default() };
        let flags = take_number(from).unwrap_or(0);
        let mut number = || take_number(from).unwrap_or(0);
        if flags & 1 != 0 {
            memory.total = Some([(); 4].map(|()| number()));
        }
        if flags & 2 != 0 {
            memory.answer = Some((number(), number()));
        }
        memory.session = take_text(from).unwrap_or_default().to_owned();
        while let Some(of) = take_text(from) {
            memory.within.push(of.to_owned());
        }
        memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_remembered() {
        let mut memory = Memory::default();
        let kept = |memory: &Memory| Memory::read(&memory.write());
        assert_eq!(kept(&memory), memory);
        memory.start = Some(5_000_000);
        assert_eq!((kept(&memory), memory.clone().counted()), (memory.clone(), None));
        assert_eq!(memory.characters("msg_1", br#"{"message":{"content":[{"text":"abc"}]}}"#), 3);
        assert_eq!(kept(&memory), memory);
        assert_eq!(memory.characters("msg_1", br#"{"message":{"content":[{"text":"d"}]}}"#), 4);
        assert_eq!(memory.characters("msg_2", b"{}"), 0);
        memory.within("s", "s");
        memory.within("s", "r");
        memory.within("s", "r");
        assert_eq!(kept(&memory), memory);
        memory.total(
            br#"{"type":"cost-state","sessionId":"s","modelUsage":{
                "m":{"inputTokens":1,"outputTokens":2,"costUSD":0.1},
                "n":{"cacheReadInputTokens":3,"inputTokens":4}}}"#,
        );
        assert_eq!(kept(&memory), memory);
        let counted = Counted {
            session: "s".to_owned(),
            start: 5_000_000,
            within: vec!["r".to_owned()],
            tokens: [5, 2, 3, 0],
        };
        assert_eq!(memory.counted(), Some(counted));
    }
}
