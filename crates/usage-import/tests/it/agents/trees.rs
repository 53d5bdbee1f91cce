//! Recordings of real programs: what their logs come to, once or twice read.

use super::support::{Ledger, Recording, Sums};

/// Checks that each recording comes to what was logged, and to the same again when it is read again, also by a
/// ledger that does not know how far it was read.
#[test]
fn each_recording_comes_to_what_was_logged() {
    let all = Recording::all();
    assert!(all.len() >= 6, "the recordings are there");
    for recording in all {
        let ledger = Ledger::new();
        let first = ledger.import(recording.agent, &recording.folder);
        let name = recording.folder.display();
        let sums = ledger.sums();
        // What recordings say nothing about.
        let Sums { errors, beside, .. } = sums;
        let expected = Sums { errors, beside, ..recording.expected() };
        assert_eq!(sums, expected, "{name}");
        assert_eq!(first.notes, Vec::<String>::new(), "{name}");
        assert!(first.tree.skipped.is_empty(), "{name}: {:?}", first.tree.skipped);
        let records = ledger.records();

        let again = ledger.import(recording.agent, &recording.folder);
        assert_eq!((again.summary.items(), again.tree.read), (0, 0), "{name}");
        // As a copy elsewhere, of which this ledger knows nothing.
        let copy = tempfile::tempdir().unwrap();
        copy_all(&recording.folder, copy.path());
        let again = ledger.import(recording.agent, copy.path());
        assert_eq!((again.summary.imported, again.notes), (0, vec![]), "{name}");
        assert_eq!(ledger.records(), records, "{name}");
    }
}

fn copy_all(from: &std::path::Path, to: &std::path::Path) {
    for file in super::support::files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(file, target).unwrap();
    }
}
