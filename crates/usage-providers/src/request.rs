//! One request of a client, which may take several attempts: what to record of it, however it ends.

use crate::hints::Hints;
use crate::meter::ResponseMeter;
use crate::part::{End, Part, Reading};

/// One record of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RequestPart {
    /// The part to record. Its `response_id` is the event's id.
    pub part: Part,
    /// Which attempt told it, from 0. Of two records of one id the higher holds.
    pub revision: u32,
}

/// The state of one request.
#[derive(Clone, Debug)]
enum Phase {
    /// An attempt is under way.
    Attempt(Box<ResponseMeter>),
    Ended,
}

/// Follows one request from its beginning to its end, over retries and fallbacks, and says what to
/// record: exactly once, whichever way it ends.
///
/// | from | by | to |
/// |---|---|---|
/// | attempt | [`feed`](Self::feed) | attempt |
/// | attempt | [`retry`](Self::retry), [`fall_back`](Self::fall_back) | the next attempt; what the last one used is kept |
/// | attempt | [`end`](Self::end) | ended |
/// | ended | [`end`](Self::end) | ended, and there is nothing more to record |
///
/// An attempt that failed and used nothing leaves no record but the request's own. One that used
/// something is kept: under its response's id where that has one, else under the request's, where
/// the next attempt takes its place.
///
/// ```
/// use usage_providers::{End, Hints, Outcome, RequestMeter};
///
/// let mut request = RequestMeter::new("gw-17", Hints::new().with_model("gpt-5"));
/// request.feed(br#"{"error":{"message":"overloaded"}}"#);
/// request.fall_back(Hints::new().with_model("gpt-5-mini"));
/// request.feed(br#"{"id":"chatcmpl-1","object":"chat.completion","usage":{"prompt_tokens":3,"completion_tokens":4}}"#);
/// let records = request.end(End::Complete);
/// let part = &records[0].part;
/// assert_eq!((part.counts.total(), part.fallbacks, part.outcome), (7, 1, Outcome::Ok));
/// assert_eq!((part.response_id.as_deref(), records[0].revision), (Some("chatcmpl-1"), 1));
/// assert!(request.end(End::Cancelled).is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct RequestMeter {
    id: String,
    phase: Phase,
    attempt: u32,
    fallbacks: u32,
    /// The usage of earlier attempts under ids of their own.
    kept: Vec<RequestPart>,
    malformed: u64,
}

/// Earlier attempts that are kept one by one; those beyond are added to the last.
const MOST_KEPT: usize = 16;

impl RequestMeter {
    /// Begins a request with the id that the gateway gave it, for responses that have none.
    #[must_use]
    pub fn new(id: impl Into<String>, hints: Hints) -> Self {
        let id = id.into();
        Self {
            phase: Phase::Attempt(Box::new(ResponseMeter::new(hints))),
            id,
            attempt: 0,
            fallbacks: 0,
            kept: Vec::new(),
            malformed: 0,
        }
    }

    /// Returns what is known beforehand of the response of this attempt; `None` after the end.
    pub fn hints_mut(&mut self) -> Option<&mut Hints> {
        match &mut self.phase {
            Phase::Attempt(meter) => Some(meter.hints_mut()),
            Phase::Ended => None,
        }
    }

    /// Returns which attempt is under way, from 0.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Reads the next bytes of the response. After the end they change nothing.
    pub fn feed(&mut self, chunk: &[u8]) {
        if let Phase::Attempt(meter) = &mut self.phase {
            meter.feed(chunk);
        }
    }

    /// Gives the attempt up and begins the next one, with the same provider.
    pub fn retry(&mut self, hints: Hints) {
        let Some(reading) = self.read(End::Failed) else { return };
        let revision = self.attempt;
        for part in reading.parts {
            if part.counts.total() > 0 && part.response_id.is_some() {
                self.keep(RequestPart { part, revision });
            }
        }
        self.attempt = self.attempt.saturating_add(1);
        self.phase = Phase::Attempt(Box::new(ResponseMeter::new(hints)));
    }

    /// Gives the attempt up and begins the next one, with another model or provider.
    pub fn fall_back(&mut self, hints: Hints) {
        if matches!(self.phase, Phase::Attempt(_)) {
            self.fallbacks = self.fallbacks.saturating_add(1);
            self.retry(hints);
        }
    }

    /// Ends the request, and says what to record: first the answer, then what earlier attempts
    /// used. There is always an answer to record the first time, if only with no counts, and
    /// nothing after that.
    pub fn end(&mut self, end: End) -> Vec<RequestPart> {
        let Some(mut reading) = self.read(end) else { return Vec::new() };
        if reading.parts.is_empty() {
            reading.parts.push(Part::unanswered(end));
        }
        let revision = self.attempt;
        let mut records: Vec<RequestPart> =
            reading.parts.into_iter().map(|part| RequestPart { part, revision }).collect();
        if let Some(main) = records.first_mut() {
            main.part.fallbacks = main.part.fallbacks.saturating_add(self.fallbacks);
            main.part.response_id.get_or_insert_with(|| self.id.clone());
        }
        // An attempt under the id of an earlier one takes its place.
        let ids: Vec<_> = records.iter().map(|record| record.part.response_id.clone()).collect();
        self.kept.retain(|kept| !ids.contains(&kept.part.response_id));
        records.append(&mut self.kept);
        records
    }

    /// Returns how many events of all attempts could not be read.
    #[must_use]
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Ends the attempt.
    fn read(&mut self, end: End) -> Option<Reading> {
        let Phase::Attempt(meter) = std::mem::replace(&mut self.phase, Phase::Ended) else {
            return None;
        };
        let reading = meter.finish(end);
        self.malformed = self.malformed.saturating_add(reading.malformed);
        Some(reading)
    }

    fn keep(&mut self, part: RequestPart) {
        let full = self.kept.len() >= MOST_KEPT;
        match self.kept.last_mut() {
            Some(last) if full => {
                last.part.counts.add(&part.part.counts);
                last.part.inconsistent = true;
            }
            _ => self.kept.push(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use usage_core::{Outcome, Quality};

    const HEAD: &str = "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"delta\":{}}]}\n\n";
    const LAST: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\ndata: [DONE]\n\n";

    #[test]
    fn a_request_is_recorded_once_whichever_way_it_ends() {
        for (end, outcome) in [
            (End::Complete, Outcome::Ok),
            (End::Cancelled, Outcome::Cancelled),
            (End::Failed, Outcome::Error),
        ] {
            let mut request = RequestMeter::new("gw", Hints::new());
            request.feed(HEAD.as_bytes());
            let records = request.end(end);
            assert_eq!(records.len(), 1);
            assert_eq!(records[0].part.outcome, outcome);
            assert_eq!(records[0].part.quality, Quality::Partial);
            assert_eq!(records[0].part.response_id.as_deref(), Some("c1"));
            request.feed(LAST.as_bytes());
            request.retry(Hints::new());
            request.fall_back(Hints::new());
            assert_eq!(request.end(End::Complete), []);
        }
    }

    #[test]
    fn a_request_that_nobody_answered_is_recorded_under_the_gateway_s_id() {
        let mut request = RequestMeter::new("gw", Hints::new().with_model("m"));
        let records = request.end(End::Failed);
        assert_eq!(records[0].part.response_id.as_deref(), Some("gw"));
        assert_eq!(records[0].part.outcome, Outcome::Error);
        assert_eq!(records[0].part.counts.total(), 0);
    }

    #[test]
    fn what_a_failed_attempt_used_is_kept_under_its_own_id() {
        let mut request = RequestMeter::new("gw", Hints::new());
        request.feed(b"data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n");
        request.retry(Hints::new());
        request.feed(HEAD.as_bytes());
        request.feed(LAST.as_bytes());
        let records = request.end(End::Complete);
        let found: Vec<_> = records
            .iter()
            .map(|it| (it.part.response_id.as_deref(), it.part.counts.total(), it.revision))
            .collect();
        assert_eq!(found, [(Some("c1"), 7, 1), (Some("msg_1"), 26, 0)]);
        assert_eq!(records[1].part.outcome, Outcome::Error);
        assert_eq!(records[1].part.quality, Quality::Partial);
    }

    #[test]
    fn the_same_id_again_is_a_higher_revision_alone() {
        let mut request = RequestMeter::new("gw", Hints::new());
        request.feed(HEAD.as_bytes());
        request.feed(b"data: {\"id\":\"c1\",\"choices\":[{}],\"usage\":{\"prompt_tokens\":3}}\n\n");
        request.retry(Hints::new());
        request.feed(HEAD.as_bytes());
        request.feed(LAST.as_bytes());
        let records = request.end(End::Complete);
        assert_eq!(records.len(), 1);
        assert_eq!((records[0].part.counts.total(), records[0].revision), (7, 1));
    }
}
