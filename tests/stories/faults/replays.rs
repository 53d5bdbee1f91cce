//! Stories of what killed gateways left, which is stored by others, which are killed over it, or do it at once.

use driver::{DEADLINE, Gateway, recover};

use super::{all_to, audit, gateway, leave_journals, ready};
use crate::fixture::Fixture;

const GATEWAYS: u64 = 3;
const EACH: u64 = 10_000;

fn assert_all_there(fixture: &Fixture) {
    let audit = audit(fixture);
    for number in 0..GATEWAYS {
        assert_eq!(audit.first_so_many(&format!("g{number}"), EACH).unwrap(), EACH);
    }
    assert_eq!((audit.total(), fixture.stored()), (GATEWAYS * EACH, GATEWAYS * EACH));
    assert_eq!(fixture.files(), ["usage.db"]);
}

#[test]
fn killed_in_the_middle_of_a_replay() {
    let fixture = Fixture::new();
    leave_journals(&fixture, GATEWAYS, EACH, "");
    let mut random = fastrand::Rng::with_seed(31);
    let left = |fixture| GATEWAYS * EACH - audit(fixture).total();
    for _ in 0..6 {
        let target = random.u64(0..GATEWAYS * EACH / 8).min(left(&fixture));
        let replayer = ready(&fixture, "--instance replayer --max-batch 300 --buffer-size 300");
        replayer.until("enough is replayed", |seen| seen.stats.recovered.stored >= target).unwrap();
        replayer.kill().unwrap();
    }
    let left = left(&fixture);
    let stats = recover(&fixture.path("usage.db")).unwrap();
    assert_eq!(stats.recovered.stored, left);
    assert_all_there(&fixture);
}

#[test]
fn several_at_once() {
    for _ in 0..3 {
        let fixture = Fixture::new();
        leave_journals(&fixture, GATEWAYS, EACH, "");
        let mut replayers: Vec<Gateway> = (0..3)
            .map(|_| {
                let mut command =
                    gateway(&fixture, "--instance r --max-batch 300 --buffer-size 300");
                Gateway::start(&mut command).unwrap()
            })
            .collect();
        for replayer in &mut replayers {
            replayer.tell(&format!("stop {}", DEADLINE.as_millis())).unwrap();
        }
        let mut stored = 0;
        for replayer in replayers {
            let report = replayer.finish().unwrap();
            assert!(report.is_clean, "{report:?}");
            assert_eq!(report.stats.recovered.lost, 0);
            stored += report.stats.recovered.stored;
        }
        // Each was stored by one of them.
        assert_eq!(stored, GATEWAYS * EACH);
        assert_all_there(&fixture);
    }
}

/// A gateway that finds journals records its own meanwhile, and loses none of both when it is
/// killed.
#[test]
fn recording_during_a_replay() {
    let fixture = Fixture::new();
    leave_journals(&fixture, GATEWAYS, EACH, "");
    let busy = ready(&fixture, "--instance busy --max-batch 300 --buffer-size 300 --records 2000");
    let safe = busy.until("some of its own are safe", |seen| seen.watermark > 500).unwrap();
    let killed = busy.kill().unwrap();
    assert!(killed.watermark >= safe.watermark);
    recover(&fixture.path("usage.db")).unwrap();
    let audit = audit(&fixture);
    audit.first_so_many("busy", killed.watermark).unwrap();
    for number in 0..GATEWAYS {
        assert_eq!(audit.numbers(&format!("g{number}")), all_to(EACH));
    }
    assert_eq!(fixture.files(), ["usage.db"]);
}
