//! A tracker whose records the test sees, and a response.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use usage_core::Error;
use usage_core::sink::{BatchOutcome, Sink};
use usage_core::{Label, LabelNames, Record};
use usage_meter::Meter;
use usage_tracker::Tracker;

/// Long enough for anything that happens at all on a busy machine.
const LONG: Duration = Duration::from_secs(60);

pub(crate) const ID: &str = "msg_01XFDUDYJgAACzvnptvVoYEL";

/// A stream of Anthropic's in its events: 12 tokens in, 800 from the cache, 57 out, 3 of them said
/// on the way.
pub(crate) static EVENTS: [&str; 4] = [
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01XFDUDYJgAACzvnptvVoYEL\",\
     \"model\":\"claude-sonnet-5\",\"usage\":{\"input_tokens\":12,\"cache_read_input_tokens\":800,\"output_tokens\":1}}}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":3}}\n\n",
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":57}}\n\n",
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
];

/// A tracker, and what it stored.
pub(crate) struct Ledger {
    pub(crate) tracker: Arc<Tracker>,
    kept: Kept,
}

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Record>>>);

impl Sink for Kept {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        self.0.lock().unwrap().extend_from_slice(batch);
        Ok(BatchOutcome::stored(batch.len() as u64))
    }
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let kept = Kept::default();
        Self { tracker: Arc::new(Tracker::builder().start(kept.clone()).unwrap()), kept }
    }

    pub(crate) fn meter(&self) -> Meter {
        Meter::new(&self.tracker, names()).unwrap()
    }

    /// Everything that was recorded, in order.
    pub(crate) fn records(&self) -> Vec<Record> {
        self.tracker.flush(LONG).unwrap();
        self.kept.0.lock().unwrap().clone()
    }

    /// The one record that there is, as its id, model, input, cached input, output and fallbacks.
    pub(crate) fn only(&self) -> (String, String, [u64; 4]) {
        let records = self.records();
        assert_eq!(records.len(), 1, "{records:?}");
        told(&records[0])
    }
}

/// Returns the facts of a record: id, model, and input, cached input, output, fallbacks.
pub(crate) fn told(record: &Record) -> (String, String, [u64; 4]) {
    let id = record.event_id().map(ToString::to_string).unwrap_or_default();
    let model = record.labels().names().get(Label::Model).to_owned();
    let tokens = record.tokens();
    (id, model, [tokens.input, tokens.cache_read, tokens.output, record.fallbacks().into()])
}

pub(crate) fn names() -> LabelNames<'static> {
    LabelNames::new()
        .with_instance("gateway")
        .with_provider("anthropic")
        .with_route("messages")
        .with_model("sonnet")
}

/// Returns the facts that are recorded of the first events.
pub(crate) fn expected(events: usize) -> (String, String, [u64; 4]) {
    if events == 0 {
        return (String::new(), "sonnet".to_owned(), [0; 4]);
    }
    let output = [0, 1, 3, 57, 57][events];
    (ID.to_owned(), "claude-sonnet-5".to_owned(), [12, 800, output, 0])
}
