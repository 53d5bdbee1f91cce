//! The fate of a stream.

use serde::{Deserialize, Serialize};

/// The model that answers, which is not the one that is asked.
pub(crate) const ANSWERING: &str = "stand-in-2026-11-28";

/// Input, cached input, output.
pub(crate) type Counts = (u64, u64, u64);

/// The fate of a stream, once its client has got what comes before the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ending {
    /// It goes on to its end.
    Whole,
    /// The client goes away.
    Cancelled,
    /// The provider breaks it off.
    Failed,
    /// Nothing more comes, until the gateway cuts it off.
    Held,
}

/// One stream: the provider reads it from the request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Plan {
    pub(crate) at: usize,
    pub(crate) ending: Ending,
}

impl Plan {
    /// A third is cancelled, a fifth fails.
    pub(crate) fn of(at: usize) -> Self {
        let ending = match at % 15 {
            0 | 3 | 6 | 9 | 12 => Ending::Cancelled,
            1 | 4 | 7 => Ending::Failed,
            2 | 8 => Ending::Held,
            _ => Ending::Whole,
        };
        Self { at, ending }
    }

    /// Two in three speak Anthropic's dialect, the others OpenAI's.
    pub(crate) const fn is_anthropic(&self) -> bool {
        self.at % 3 < 2
    }

    pub(crate) const fn path(&self) -> &'static str {
        if self.is_anthropic() { "/v1/messages" } else { "/v1/chat/completions" }
    }

    /// The id of the response.
    pub(crate) fn id(&self) -> String {
        format!("response-of-the-stand-in-{:06}", self.at)
    }

    /// Returns the number of events with counts that come before the middle.
    pub(crate) const fn before_the_middle(&self) -> usize {
        1 + self.at % 4
    }

    /// Returns the number of events in all.
    pub(crate) const fn events(&self) -> usize {
        self.before_the_middle() + 3
    }

    /// Returns the counts that have been told after so many events.
    pub(crate) const fn counts(&self, events: usize) -> Counts {
        let (at, events) = (self.at as u64, events as u64);
        (100 + at, 7 * at, events * 3)
    }

    /// The event of this number, from 1. The last one says that it is.
    pub(crate) fn event(&self, number: usize) -> String {
        let (id, (input, cached, output)) = (self.id(), self.counts(number));
        let is_last = number == self.events();
        if !self.is_anthropic() {
            let (prompt, total) = (input + cached, input + cached + output);
            let choices = if is_last { "" } else { r#"{"delta":{"content":"Hi"}}"# };
            let end = if is_last { "data: [DONE]\n\n" } else { "" };
            return format!(
                "data: {{\"id\":\"{id}\",\"object\":\"chat.completion.chunk\",\"model\":\"{ANSWERING}\",\"choices\":[{choices}],\
                 \"usage\":{{\"prompt_tokens\":{prompt},\"completion_tokens\":{output},\"total_tokens\":{total},\
                 \"prompt_tokens_details\":{{\"cached_tokens\":{cached}}}}}}}\n\n{end}"
            );
        }
        if number == 1 {
            return format!(
                "event: message_start\ndata: {{\"type\":\"message_start\",\"message\":{{\"id\":\"{id}\",\"model\":\"{ANSWERING}\",\
                 \"usage\":{{\"input_tokens\":{input},\"cache_read_input_tokens\":{cached},\"output_tokens\":{output}}}}}}}\n\n"
            );
        }
        let delta = if is_last { r#"{"stop_reason":"end_turn"}"# } else { "{}" };
        let end =
            if is_last { "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n" } else { "" };
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"delta\":{{\"text\":\"Hi\"}}}}\n\n\
             event: message_delta\ndata: {{\"type\":\"message_delta\",\"delta\":{delta},\"usage\":{{\"output_tokens\":{output}}}}}\n\n{end}"
        )
    }
}
