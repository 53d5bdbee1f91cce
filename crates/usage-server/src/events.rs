//! `GET /v1/events`: a line for everybody who listens when the ledger has changed.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode};
use bytes::Bytes;
use http_body_util::channel::Channel;
use tokio::time::{interval, sleep};
use usage_core::Engine as _;

use crate::answer;
use crate::app::App;

/// The time between two looks at the ledger, which read no table.
const LOOK: Duration = Duration::from_secs(1);
/// A line at least so often, so that everybody notices who has gone.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

pub(crate) async fn subscribe(State(app): State<Arc<App>>) -> Response<Body> {
    let Ok(place) = Arc::clone(&app.subscribers).try_acquire_owned() else {
        return answer::refused(StatusCode::TOO_MANY_REQUESTS, "too many listen already");
    };
    let (mut sender, body) = Channel::<Bytes, std::convert::Infallible>::new(4);
    let (mut changes, mut stop) = (app.changes.subscribe(), app.stop.clone());
    tokio::spawn(async move {
        let _place = place;
        // What was asked before may be of before.
        let mut line: Bytes = format!("retry: 2000\n{}", changed_line(*changes.borrow())).into();
        // Who reads nothing is cut off by its connection.
        while sender.send_data(line).await.is_ok() {
            line = tokio::select! {
                changed = changes.changed() => match changed {
                    Ok(()) => {
                        changed_line(*changes.borrow_and_update()).into()
                    }
                    Err(_) => return,
                },
                // sleep: the time itself is what is waited for.
                () = sleep(SIGN_OF_LIFE) => Bytes::from_static(b":\n\n"),
                _ = stop.changed() => return,
            };
        }
    });
    answer::with(StatusCode::OK, "text/event-stream", Body::new(body))
}

fn changed_line(number: u64) -> String {
    format!("event: changed\nid: {number}\ndata: {{}}\n\n")
}

/// Looks whether the ledger has changed, while somebody listens.
pub(crate) async fn watch(app: Arc<App>) {
    let (mut look, mut stop) = (interval(LOOK), app.stop.clone());
    let mut seen = None;
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = stop.changed() => return,
        }
        if app.changes.receiver_count() == 0 {
            seen = None;
            continue;
        }
        let (of_look, before) = (Arc::clone(&app), seen.take());
        let looked = tokio::task::spawn_blocking(move || {
            Ok::<_, usage_core::Error>(match before {
                Some(before) if !of_look.store.changed(&before)? => (false, before),
                // Who has just begun to listen may have missed something.
                _ => (true, of_look.store.seen()?),
            })
        });
        if let Ok(Ok((changed, now))) = looked.await {
            seen = Some(now);
            if changed {
                app.changes.send_modify(|number| *number += 1);
            }
        }
    }
}
