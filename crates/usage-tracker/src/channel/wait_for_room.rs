//! Recording for those who wait for room.

use std::time::{Duration, Instant};

use event_listener::Listener as _;
use usage_core::Record;

use super::Sender;
use crate::error::{RejectReason, RejectedRecord};

impl Sender {
    /// Waits for room without holding a thread up. A future that is dropped drops its record,
    /// which was then never submitted.
    pub(crate) async fn record_async(&self, mut record: Record) -> Result<(), RejectedRecord> {
        loop {
            record = match self.try_again(record) {
                Ok(record) => record,
                Err(done) => return done,
            };
            // Listen first, then look again: room made in between is not missed.
            let listener = self.rare.room.listen();
            record = match self.try_again(record) {
                Ok(record) => record,
                Err(done) => return done,
            };
            listener.await;
        }
    }

    pub(crate) fn record_blocking(
        &self,
        mut record: Record,
        deadline: Duration,
    ) -> Result<(), RejectedRecord> {
        let mut until = None;
        loop {
            record = match self.try_again(record) {
                Ok(record) => record,
                Err(done) => return done,
            };
            // The clock is read only by those who have to wait. A deadline past the end of time
            // is none.
            let until = *until.get_or_insert_with(|| Instant::now().checked_add(deadline));
            let listener = self.rare.room.listen();
            record = match self.try_again(record) {
                Ok(record) => record,
                Err(done) => return done,
            };
            match until {
                None => listener.wait(),
                Some(until) => {
                    if listener.wait_deadline(until).is_none() {
                        let full = RejectedRecord::new(record, RejectReason::Full);
                        return Err(self.count(full));
                    }
                }
            }
        }
    }

    /// Tries once for those who wait: gives the record back while the channel is full, else says how it
    /// ended.
    fn try_again(&self, record: Record) -> Result<Record, Result<(), RejectedRecord>> {
        match self.offer(record) {
            Ok(()) => Err(Ok(())),
            Err(rejected) if rejected.reason() == RejectReason::Full => Ok(rejected.into_record()),
            Err(rejected) => Err(Err(self.count(rejected))),
        }
    }
}
