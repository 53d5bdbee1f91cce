//! A clock that is set back: records keep the time they were given, and nothing waits for it.

use std::sync::Arc;
use std::time::Duration;

use driver::{DEADLINE, recover};
use rusqlite::Connection;
use usage_core::{LabelNames, Labels, Timestamp, TokenCounts};
use usage_store::StoreOptions;
use usage_tracker::{Clock, ManualClock, Tracker};

use super::lock;
use crate::fixture::Fixture;
use crate::process::eventually;

const NOON: i64 = 1_777_809_600_000_000;
const HOUR: i64 = 3_600_000_000;

#[test]
fn set_back_by_hours_between_records() {
    let fixture = Fixture::new();
    let mut options = StoreOptions::default();
    options.busy_timeout = Duration::from_millis(1);
    let store = options.open(fixture.path("usage.db")).unwrap();
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(NOON)));
    let shared: Arc<dyn Clock> = Arc::<ManualClock>::clone(&clock);
    let tracker = Tracker::builder().clock(shared).start(store).unwrap();
    let names = LabelNames::new().with_instance("i").with_route("r").with_model("m");
    let handle = tracker.handle(Labels::new(names).unwrap());
    let mut given = Vec::new();
    let mut record = |tokens: u64| {
        handle.record(TokenCounts::unclassified(tokens)).unwrap();
        given.push((i64::try_from(tokens).unwrap(), clock.now().as_micros()));
    };
    record(0);
    clock.shift_wall(-2 * HOUR);
    record(1);
    tracker.flush(DEADLINE).unwrap();
    assert_eq!((tracker.stats().stored, tracker.stats().journaled), (2, 2));

    // The same on the way through a journal that another process stores.
    let locked = lock(&fixture);
    clock.advance(Duration::from_secs(60));
    record(2);
    clock.shift_wall(-20 * HOUR);
    record(3);
    tracker.flush_to_journal(DEADLINE).unwrap();
    clock.shift_wall(30 * HOUR);
    record(4);
    eventually("the last one is in the journal too", || tracker.shutdown(Duration::ZERO).is_safe());
    drop((tracker, locked));
    recover(&fixture.path("usage.db")).unwrap();
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    let mut rows =
        ledger.prepare("SELECT tokens, timestamp_us FROM usage_records ORDER BY 1").unwrap();
    let stored: Result<Vec<(i64, i64)>, _> =
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect();
    assert_eq!(stored.unwrap(), given);
}
