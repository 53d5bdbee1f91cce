//! Logs that are read while they are written.

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;

use super::scripts;
use crate::agents::support::Ledger;

/// Checks that it does not matter when logs are read, and how often.
#[test]
fn whenever_logs_are_read_they_come_to_the_same() {
    let scripts = scripts::all();
    let roots =
        || -> Vec<TempDir> { scripts.iter().map(|_| tempfile::tempdir().unwrap()).collect() };
    let (at_once, whole) = (Ledger::new(), roots());
    for ((agent, script), root) in scripts.iter().zip(&whole) {
        script.iter().for_each(|step| step.take(root.path()));
        let imported = at_once.import(agent, root.path());
        assert_eq!((imported.summary.refused, imported.notes), (0, vec![]), "{agent}");
        assert_ne!(imported.summary.imported, 0, "{agent}");
    }
    let records = at_once.records();
    let config = ProptestConfig {
        cases: 4,
        max_shrink_iters: 8,
        failure_persistence: None,
        ..Default::default()
    };
    let reads = prop::collection::vec(any::<prop::sample::Index>(), 1..4);
    let outcome = TestRunner::new(config).run(&reads, |reads| {
        let (ledger, roots) = (Ledger::new(), roots());
        for ((agent, script), root) in scripts.iter().zip(&roots) {
            let reads: Vec<_> = reads.iter().map(|read| read.index(script.len())).collect();
            for (number, step) in script.iter().enumerate() {
                step.take(root.path());
                if reads.contains(&number) {
                    ledger.import(agent, root.path());
                }
            }
            ledger.import(agent, root.path());
        }
        prop_assert_eq!(ledger.records(), records.clone());
        Ok(())
    });
    outcome.unwrap();
}

/// Checks that a tree that has moved is read to the same.
#[test]
fn a_tree_may_move() {
    for (agent, script) in scripts::all() {
        let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let ledger = Ledger::new();
        script.iter().for_each(|step| step.take(root.path()));
        ledger.import(agent, root.path());
        let records = ledger.records();
        let moved = other.path().join("moved");
        fs::rename(root.path(), &moved).unwrap();
        let again = ledger.import(agent, &moved);
        fs::create_dir(root.path()).unwrap();
        assert_eq!((again.summary.imported, ledger.records()), (0, records), "{agent}");
    }
}
