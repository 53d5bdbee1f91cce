//! Ledgers that are older copies of themselves, and clones.

use std::fs;

use usage_ship::{Options, ShipError, Shipper};
use usage_store::Store;

use crate::ledgers::{Traffic, compare, open};
use crate::servers::{Kind, Server};

fn ship(store: &Store, url: &str, options: Options) -> Result<u64, ShipError> {
    Shipper::new(store, url.parse().unwrap(), options).ship().map(|shipped| shipped.sums)
}

fn knows_copies(kind: Kind) {
    let Some(server) = Server::start(kind) else { return };
    let folder = tempfile::tempdir().unwrap();
    let [path, copy] = ["usage.db", "copy.db"].map(|name| folder.path().join(name));
    let (url, mut traffic) = (server.place(), Traffic::of("a", 9));
    let none = Options::default;
    let store = open(&path);
    store.insert_batch(&traffic.batch(50)).unwrap();
    ship(&store, &url, none()).unwrap();
    assert_eq!(ship(&store, &url, none()).unwrap(), 0, "what is there is not sent again");
    drop(store);
    fs::copy(&path, &copy).unwrap();
    let store = open(&path);
    store.insert_batch(&traffic.batch(50)).unwrap();
    ship(&store, &url, none()).unwrap();
    compare(&[&store], &url);
    // The copy is behind, and then goes on by itself.
    let clone = open(&copy);
    clone.insert_batch(&Traffic::of("a", 10).batch(20)).unwrap();
    assert!(matches!(ship(&clone, &url, none()), Err(ShipError::OlderCopy)));
    assert!(matches!(ship(&clone, &url, none()), Err(ShipError::OlderCopy)), "again");
    compare(&[&store], &url);
    let mut anew = none();
    anew.new_epoch = true;
    assert!(ship(&clone, &url, anew).unwrap() > 0);
    compare(&[&clone], &url);
    // The other one is told that it does not count any more.
    store.insert_batch(&traffic.batch(1)).unwrap();
    assert!(matches!(ship(&store, &url, none()), Err(ShipError::Retired)));
    compare(&[&clone], &url);
}

#[test]
fn postgres_is_told_which_copy_counts() {
    knows_copies(Kind::Postgres);
}

#[test]
fn clickhouse_is_told_which_copy_counts() {
    knows_copies(Kind::ClickHouse);
}

/// A copy as `usage backup` makes it knows that it is none of the ledger that was shipped.
#[test]
fn a_backup_is_not_taken_for_its_original() {
    let Some(server) = Server::start(Kind::Postgres) else { return };
    let folder = tempfile::tempdir().unwrap();
    let (url, mut traffic) = (server.place(), Traffic::of("a", 9));
    let store = open(&folder.path().join("usage.db"));
    store.insert_batch(&traffic.batch(50)).unwrap();
    ship(&store, &url, Options::default()).unwrap();
    store.backup(folder.path().join("copy.db")).unwrap();
    let copy = open(&folder.path().join("copy.db"));
    assert!(matches!(ship(&copy, &url, Options::default()), Err(ShipError::OlderCopy)));
    let mut anew = Options::default();
    anew.new_epoch = true;
    ship(&copy, &url, anew).unwrap();
    compare(&[&copy], &url);
}
