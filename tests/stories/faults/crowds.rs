//! Many gateways at one ledger, while others read it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use driver::{DEADLINE, Gateway};

use super::{audit, gateway};
use crate::fixture::Fixture;

const GATEWAYS: u64 = 8;
const EACH: u64 = 3_000;

#[test]
fn eight_gateways_and_two_readers() {
    let fixture = Fixture::with("");
    let over = AtomicBool::new(false);
    let reports = thread::scope(|scope| {
        let reading: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut last, mut reports) = (0, 0);
                    while !over.load(Ordering::Relaxed) {
                        let stored = fixture.stored();
                        assert!(stored >= last, "{stored} after {last}");
                        (last, reports) = (stored, reports + 1);
                    }
                    reports
                })
            })
            .collect();
        let arguments = format!("--threads 2 --records {EACH} --overflow wait:60000");
        let mut all: Vec<Gateway> = (0..GATEWAYS)
            .map(|number| {
                let arguments = format!("--instance g{number} {arguments}");
                Gateway::start(&mut gateway(&fixture, &arguments)).unwrap()
            })
            .collect();
        for gateway in &mut all {
            gateway.ask("join").unwrap();
        }
        for gateway in all {
            let report = gateway.stop(DEADLINE).unwrap();
            assert!(report.is_clean, "{report:?}");
            assert_eq!((report.stats.stored, report.stats.recovered.stored), (EACH, 0));
        }
        over.store(true, Ordering::Relaxed);
        reading.into_iter().map(|reader| reader.join().unwrap()).sum::<u64>()
    });
    assert!(reports > 0);
    let audit = audit(&fixture);
    for number in 0..GATEWAYS {
        assert_eq!(audit.first_so_many(&format!("g{number}"), EACH).unwrap(), EACH);
    }
    assert_eq!((audit.total(), fixture.stored()), (GATEWAYS * EACH, GATEWAYS * EACH));
    assert_eq!(fixture.files(), ["usage.db"]);
}
