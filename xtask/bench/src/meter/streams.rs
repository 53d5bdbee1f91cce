//! Streams as providers send them, made up.

use std::fmt::Write as _;

/// Events of text in a stream.
const EVENTS: usize = 1_000;

/// A stream, and the tokens that it states.
pub(super) struct Stream {
    pub(super) name: &'static str,
    events: Vec<String>,
    whole: Vec<u8>,
    pub(super) total: u64,
}

impl Stream {
    fn new(name: &'static str, events: Vec<String>, total: u64) -> Self {
        let whole = events.concat().into_bytes();
        Self { name, events, whole, total }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.whole.len()
    }

    /// The stream cut at its events, or into pieces of a size.
    pub(super) fn chunks(&self, size: Option<usize>) -> Vec<&[u8]> {
        match size {
            Some(size) => self.whole.chunks(size).collect(),
            None => self.events.iter().map(String::as_bytes).collect(),
        }
    }
}

pub(super) fn all() -> Vec<Stream> {
    vec![chat(), anthropic(), responses(), gemini()]
}

/// Tokens of text, some with escapes.
fn word(at: usize) -> &'static str {
    const WORDS: [&str; 6] = [" the", " request", ",\\n", " \\\"usage\\\"", "ing", " ledger"];
    WORDS.get(at % WORDS.len()).copied().unwrap_or_default()
}

pub(super) fn chat() -> Stream {
    let head = "{\"id\":\"chatcmpl-C1KMJC4uUHgeJ4A0e8jM8wufrmdxX\",\"object\":\"chat.completion.chunk\",\
        \"created\":1754432623,\"model\":\"gpt-5-2026-08-06\",\"service_tier\":\"default\",\
        \"system_fingerprint\":\"fp_ff25b2783a\"";
    let mut events: Vec<String> = (0..EVENTS)
        .map(|at| {
            format!(
                "data: {head},\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{}\"}},\"logprobs\":null,\
                 \"finish_reason\":null}}],\"usage\":null,\"obfuscation\":\"Umu4rjZrtKjmq\"}}\n\n",
                word(at)
            )
        })
        .collect();
    events.push(format!(
        "data: {head},\"choices\":[],\"usage\":{{\"prompt_tokens\":423,\"completion_tokens\":1000,\
         \"total_tokens\":1423,\"prompt_tokens_details\":{{\"cached_tokens\":128}}}}}}\n\n"
    ));
    events.push("data: [DONE]\n\n".to_owned());
    Stream::new("OpenAI Chat", events, 1_423)
}

fn anthropic() -> Stream {
    let mut events = vec![
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01Xf6SmUVY1mDrSwFc5RsY3n\",\
         \"type\":\"message\",\"model\":\"claude-sonnet-5\",\"usage\":{\"input_tokens\":690,\"output_tokens\":1}}}\n\n"
            .to_owned(),
    ];
    events.extend((0..EVENTS).map(|at| {
        format!(
            "event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":0,\
             \"delta\":{{\"type\":\"text_delta\",\"text\":\"{}\"}}           }}\n\n",
            word(at)
        )
    }));
    events.push(
        "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\
         \"usage\":{\"output_tokens\":1000}}\n\n"
            .to_owned(),
    );
    Stream::new("Anthropic Messages", events, 1_690)
}

/// Its last event repeats the whole text.
fn responses() -> Stream {
    let mut events: Vec<String> = (0..EVENTS)
        .map(|at| {
            format!(
                "event: response.output_text.delta\ndata: {{\"type\":\"response.output_text.delta\",\
                 \"sequence_number\":{at},\"item_id\":\"msg_05ed6c8b322854d8006a024b5204d8\",\"output_index\":0,\
                 \"content_index\":0,\"delta\":\"{}\",\"logprobs\":[],\"obfuscation\":\"a1b2c3\"}}\n\n",
                word(at)
            )
        })
        .collect();
    let mut text = String::new();
    (0..EVENTS).for_each(|at| text.push_str(word(at)));
    let mut last = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        last,
        "event: response.completed\ndata: {{\"type\":\"response.completed\",\"response\":{{\"id\":\"resp_1\",\
         \"model\":\"gpt-5\",\"status\":\"completed\",\"output\":[{{\"type\":\"message\",\"content\":[{{\"text\":\"{text}\"}}]}}],\
         \"usage\":{{\"input_tokens\":200,\"output_tokens\":1000,\"total_tokens\":1200}}}}}}\n\n"
    );
    events.push(last);
    Stream::new("OpenAI Responses", events, 1_200)
}

/// Every event states usage, so every event is read.
fn gemini() -> Stream {
    let events = (1..=EVENTS)
        .map(|at| {
            format!(
                "data: {{\"candidates\": [{{\"content\": {{\"parts\": [{{\"text\": \"{}{}{}{}\"}}],\"role\": \"model\"}},\
                 \"index\": 0}}],\"usageMetadata\": {{\"promptTokenCount\": 9,\"candidatesTokenCount\": {at},\
                 \"totalTokenCount\": {},\"promptTokensDetails\": [{{\"modality\": \"TEXT\",\"tokenCount\": 9}}]}},\
                 \"modelVersion\": \"gemini-3-pro-preview\",\"responseId\": \"M3iLaY-AI7zTxN8P3Piw4Qg\"}}\r\n\r\n",
                word(at),
                word(at + 1),
                word(at + 2),
                word(at + 3),
                at + 9,
            )
        })
        .collect();
    Stream::new("Gemini", events, EVENTS as u64 + 9)
}
