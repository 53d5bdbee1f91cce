//! What every engine has to get right, over what was shipped.

use std::sync::Arc;
use std::time::Duration;

use usage_conformance::{AnyPrices, Subject, check};
use usage_core::sink::{BatchOutcome, Sink};
use usage_core::{Error, Record};
use usage_ship::{Options, Remote, Shipper};
use usage_store::{Store, StoreOptions};

use crate::servers::{Kind, Server};

/// A ledger that is shipped whenever something was stored.
struct Shipping {
    store: &'static Store,
    shipper: Shipper<'static>,
}

impl Sink for Shipping {
    fn store(&mut self, batch: &[Record]) -> Result<BatchOutcome, Error> {
        let outcome = self.store.insert_batch(batch)?;
        self.shipper.ship()?;
        Ok(outcome)
    }
}

fn conforms(kind: Kind, cases: u32) {
    let Some(server) = Server::start(kind) else { return };
    check(cases, || {
        let folder = tempfile::tempdir().unwrap();
        let mut options = StoreOptions::default();
        options.busy_timeout = Duration::from_secs(60);
        let options = options.with_pricing(Arc::new(AnyPrices));
        // One for each case, which lasts as long as the test.
        let store: &Store =
            Box::leak(Box::new(options.open(folder.path().join("usage.db")).unwrap()));
        let url = server.place();
        let mut options = Options::default();
        options.with_records = true;
        let shipper = Shipper::new(store, url.parse().unwrap(), options);
        let mut sink = Shipping { store, shipper };
        sink.store(&[]).unwrap();
        let engine = Remote::open(url.parse().unwrap()).unwrap();
        Subject::new(engine, sink).priced_by(AnyPrices).keeping(folder)
    });
}

#[test]
fn postgres_is_an_engine() {
    conforms(Kind::Postgres, 6);
}

#[test]
fn clickhouse_is_an_engine() {
    conforms(Kind::ClickHouse, 1);
}

#[test]
fn a_new_clickhouse_is_an_engine() {
    conforms(Kind::Modern, 1);
}
