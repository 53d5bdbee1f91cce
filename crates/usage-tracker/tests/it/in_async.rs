//! Flushing and shutting down in async code.

use std::sync::Arc;
use std::time::Duration;

use usage_tracker::{FlushError, Tracker};

use crate::common::{Kept, LONG, record};

/// On a runtime of one thread, which a call that held it up would stop.
#[tokio::test]
async fn what_waits_lets_others_run() {
    let tracker = Arc::new(Tracker::builder().start(Kept::default()).unwrap());
    tracker.record(record(1)).unwrap();
    let ticks = tokio::spawn(async {
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
    });
    tracker.flush_async(LONG).await.unwrap();
    ticks.await.unwrap();
    tracker.record(record(2)).unwrap();
    tracker.flush_to_journal_async(LONG).await.unwrap();
    tracker.record(record(3)).unwrap();
    let report = tracker.shutdown_async(LONG).await;
    assert!(report.is_clean());
    assert_eq!(report.stats.stored, 3);
    assert!(matches!(
        tracker.flush_async(Duration::ZERO).await,
        Ok(()) | Err(FlushError::Stopped { .. })
    ));
}
