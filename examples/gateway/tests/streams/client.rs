//! A client of the gateway.

use std::sync::Arc;

use serde_json::json;

use crate::plan::{Ending, Plan};
use crate::provider::Stage;

/// Asks for a stream, reads it up to its middle, and then does as planned.
pub(crate) async fn run(http: reqwest::Client, url: String, plan: Plan, stage: Arc<Stage>) {
    let body = json!({ "model": "stand-in", "stream": true, "at": plan.at, "ending": plan.ending });
    let request = http.post(url + plan.path()).body(body.to_string());
    let mut response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let whole: String = (1..=plan.events()).map(|number| plan.event(number)).collect();
    let middle: usize = (1..=plan.before_the_middle()).map(|number| plan.event(number).len()).sum();
    let mut got = Vec::new();
    while got.len() < middle {
        got.extend(response.chunk().await.unwrap().unwrap());
    }
    stage.middle(&plan).await;
    if plan.ending == Ending::Cancelled {
        return;
    }
    let end = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got.extend(chunk),
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        }
    };
    let (expected, is_whole) = match plan.ending {
        Ending::Whole => (whole.as_str(), true),
        _ => (&whole[..middle], false),
    };
    assert_eq!(String::from_utf8(got).unwrap(), expected, "{plan:?}");
    assert_eq!(end.is_ok(), is_whole, "{plan:?}: {end:?}");
}
