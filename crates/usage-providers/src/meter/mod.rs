//! The meter of one response: fed as the bytes pass, in any pieces.

mod base64;
mod crc32;
mod events;
mod frames;
mod marks;
mod sse;
mod values;

use crate::hints::Hints;
use crate::part::{End, Reading};
use events::Events;
use frames::Frames;
use sse::Sse;
use values::Values;

/// Reads the usage out of one response while its bytes pass: a whole body or a stream, in pieces
/// of any size.
///
/// It recognises server-sent events, JSON (one body, a list, or a value a line) and the event
/// stream of AWS by their first byte. It copies no text and keeps a few kilobytes, whatever the
/// response holds: at most 64 KiB. The bytes must be those of the plain body, not compressed.
///
/// ```
/// use usage_providers::{End, Hints, ResponseMeter};
///
/// let mut meter = ResponseMeter::new(Hints::default());
/// for chunk in [
///     "data: {\"id\":\"chatcmpl-1\",\"model\":\"gpt-5\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\nda",
///     "ta: {\"id\":\"chatcmpl-1\",\"model\":\"gpt-5\",\"choices\":[],\"usage\":{\"prompt_tokens\":10,",
///     "\"completion_tokens\":2,\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\ndata: [DONE]\n\n",
/// ] {
///     meter.feed(chunk.as_bytes());
///     // ... and the chunk goes on to the client as it came.
/// }
/// let reading = meter.finish(End::Complete);
/// let counts = reading.parts[0].counts;
/// assert_eq!((counts.input, counts.cache_read, counts.output), (6, 4, 2));
/// ```
#[derive(Clone, Debug)]
pub struct ResponseMeter {
    framing: Framing,
    events: Events,
}

/// The framing of events in the bytes.
#[derive(Clone, Debug)]
enum Framing {
    /// Nothing was seen yet.
    Unknown,
    Sse(Sse),
    Values(Values),
    Frames(Box<Frames>),
}

impl ResponseMeter {
    /// Makes a meter for one response.
    #[must_use]
    pub fn new(hints: Hints) -> Self {
        Self { framing: Framing::Unknown, events: Events::new(hints) }
    }

    /// Returns what is known of the response beforehand, to be added to until its end.
    pub const fn hints_mut(&mut self) -> &mut Hints {
        &mut self.events.hints
    }

    /// Reads the next bytes of the response.
    pub fn feed(&mut self, chunk: &[u8]) {
        let chunk = match self.framing {
            Framing::Unknown => self.recognise(chunk),
            _ => chunk,
        };
        match &mut self.framing {
            Framing::Unknown => {}
            Framing::Sse(sse) => sse.feed(chunk, &mut self.events),
            Framing::Values(values) => values.feed(chunk, &mut self.events),
            Framing::Frames(frames) => frames.feed(chunk, &mut self.events),
        }
    }

    /// Ends the response, and says what it used.
    #[must_use]
    pub fn finish(mut self, end: End) -> Reading {
        let complete = match &mut self.framing {
            Framing::Unknown => false,
            Framing::Sse(sse) => sse.finish(end, &mut self.events),
            Framing::Values(values) => values.finish(end, &mut self.events),
            Framing::Frames(frames) => frames.finish(end, &mut self.events),
        };
        self.events.finish(end, complete)
    }

    /// Chooses by the first byte that is neither white nor of a byte order mark.
    fn recognise<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let ignored = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0xEF | 0xBB | 0xBF);
        let Some(at) = chunk.iter().position(|byte| !ignored(byte)) else { return &[] };
        let rest = chunk.get(at..).unwrap_or_default();
        self.framing = match rest.first() {
            Some(b'{' | b'[') => Framing::Values(Values::default()),
            // The length of a frame, whose first byte is 0 below 16 MiB.
            Some(0) => Framing::Frames(Box::default()),
            _ => Framing::Sse(Sse::default()),
        };
        rest
    }
}

/// Reads a whole body, or a whole stream, at once.
///
/// ```
/// use usage_providers::{Hints, read_response};
///
/// let body = br#"{"id":"msg_1","type":"message","model":"claude-sonnet-5","usage":
///     {"input_tokens":10,"cache_read_input_tokens":90,"output_tokens":5}}"#;
/// let reading = read_response(body, Hints::default());
/// assert_eq!(reading.counts().total(), 105);
/// assert_eq!(reading.parts[0].response_id.as_deref(), Some("msg_1"));
/// ```
#[must_use]
pub fn read_response(body: &[u8], hints: Hints) -> Reading {
    let mut meter = ResponseMeter::new(hints);
    meter.feed(body);
    meter.finish(End::Complete)
}
