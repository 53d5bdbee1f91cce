//! Real shards: an epoch lies whole on one of them, and reports come from tables over all.

use usage_core::query::Selection;
use usage_core::{Engine, Filter, TimeRange, Timestamp};
use usage_ship::{Options, Remote, Shipper, Target, migrate};
use usage_store::Store;

use crate::ledgers::{DAY, START, Traffic, compare, open};
use crate::servers::Server;

pub(crate) const TABLES: [&str; 6] =
    ["usage_ledger", "usage_mark", "usage_sum", "usage_label", "usage_session", "usage_record"];

/// Makes tables on each shard, and others over both; returns where these are, and those of the second shard.
pub(crate) fn places(servers: &[Server; 2]) -> [String; 2] {
    let own = servers.each_ref().map(Server::place);
    for url in &own {
        let mut wire = url.parse::<Target>().unwrap().connect().unwrap();
        migrate(&mut *wire).unwrap();
    }
    let whole = servers[0].place();
    let mut wire = whole.parse::<Target>().unwrap().connect().unwrap();
    let below = own[0].rsplit('/').next().unwrap();
    for table in TABLES {
        let sql = format!(
            "CREATE TABLE {table} AS {below}.{table} ENGINE = Distributed(both, {below}, {table}, cityHash64(toString(epoch)))"
        );
        wire.execute(&sql).unwrap();
    }
    [whole, own[1].clone()]
}

#[test]
fn an_answer_without_one_of_the_shards_is_none() {
    let Some(mut servers) = Server::start_shards() else { return };
    let [whole, other] = places(&servers);
    let folder = tempfile::tempdir().unwrap();
    let stores = ["a.db", "b.db"].map(|name| open(&folder.path().join(name)));
    let mut traffic = [Traffic::of("a", 1), Traffic::of("b", 2)];
    // The first one through the tables over both.
    let mut shippers = [(&stores[0], &whole), (&stores[1], &other)]
        .map(|(store, url)| Shipper::new(store, url.parse().unwrap(), Options::default()));
    let mut record = |store: &Store, who: usize| {
        store.insert_batch(&traffic[who].batch(200)).unwrap();
    };
    for who in [0, 1] {
        record(&stores[who], who);
        shippers[who].ship().unwrap();
    }
    compare(&[&stores[0], &stores[1]], &whole);
    servers[1].kill();
    record(&stores[1], 1);
    let error = shippers[1].ship().unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    let filter = Filter::new();
    for range in
        [TimeRange::ALL, TimeRange { start: None, end: Some(Timestamp::from_micros(START + DAY)) }]
    {
        let remote = Remote::open(whole.parse().unwrap());
        let answer = remote.map(|remote| remote.totals(&Selection::new(range, &filter)).err());
        // The tables are there, and their rows are not all.
        assert!(!matches!(answer, Ok(None)), "an answer without half of the ledgers");
    }
    servers[1].run();
    for who in [0, 1] {
        record(&stores[who], who);
        shippers[who].ship().unwrap();
    }
    compare(&[&stores[0], &stores[1]], &whole);
}
