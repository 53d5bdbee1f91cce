//! Names from hostile responses.

use usage_core::Label;
use usage_meter::End;

use crate::common::Ledger;

#[test]
fn a_response_cannot_keep_its_request_from_being_recorded() {
    let long = "m".repeat(300);
    for body in [
        format!("{{\"model\":\"{long}\",\"usage\":{{\"prompt_tokens\":4}}}}"),
        "{\"model\":\"a\\u0000b\",\"usage\":{\"prompt_tokens\":4}}".to_owned(),
        format!("{{\"id\":\"{long}\\u0000\",\"usage\":{{\"prompt_tokens\":4}}}}"),
        "{\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":99999999999}}".to_owned(),
        "{\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":-5}}".to_owned(),
    ] {
        let ledger = Ledger::new();
        let mut meter = ledger.meter();
        meter.feed(body.as_bytes());
        meter.finish(End::Complete).unwrap();
        let records = ledger.records();
        assert_eq!(records.len(), 1, "{body}");
        assert_eq!(records[0].tokens().total(), 4, "{body}");
        assert_eq!(records[0].labels().names().get(Label::Model), "sonnet", "{body}");
    }
}
