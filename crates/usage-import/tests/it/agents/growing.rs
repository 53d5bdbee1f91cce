//! Logs that grow, move and are compressed between imports.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::{Ledger, Recording, files};

/// The number of imports of one recording while it grows; more where it is asked for more recordings.
fn steps() -> u32 {
    if std::env::var_os("USAGE_AGENT_TREES").is_some() { 50 } else { 6 }
}

/// Checks that a recording comes to the same, record by record, however it was cut, moved and compressed while it was
/// imported again and again.
#[test]
fn whatever_became_of_logs_between_imports_they_come_to_the_same() {
    for (seed, recording) in (1..).zip(Recording::all()) {
        let whole = Ledger::new();
        whole.import(recording.agent, &recording.folder);
        let ledger = Ledger::new();
        let (folder, mut random) = (tempfile::tempdir().unwrap(), fastrand::Rng::with_seed(seed));
        let mut logs: Vec<Log> =
            logs_of(&recording).map(|log| Log::new(log, folder.path())).collect();
        for step in 1..=steps() {
            for log in &mut logs {
                log.grow(step == steps(), &mut random);
                if random.u8(..8) == 0 {
                    log.move_away(recording.agent, folder.path(), &mut random);
                }
            }
            let imported = ledger.import(recording.agent, folder.path());
            assert_eq!(imported.notes, Vec::<String>::new());
        }
        let name = recording.folder.display();
        let (records, expected) = (ledger.records(), whole.records());
        let differing = records.iter().zip(&expected).find(|(one, other)| one != other);
        assert_eq!(differing, None, "{name}");
        assert_eq!(records.len(), expected.len(), "{name}");
        assert_eq!(ledger.import(recording.agent, folder.path()).tree.read, 0, "{name}");
    }
}

/// The logs of a recording, and where each lies in it.
fn logs_of(recording: &Recording) -> impl Iterator<Item = (PathBuf, PathBuf)> {
    let folder = &recording.folder;
    let logs =
        files(folder).into_iter().filter(|path| path.extension().is_some_and(|it| it == "jsonl"));
    logs.filter(|path| !path.ends_with("truth.jsonl"))
        .map(move |path| (path.clone(), path.strip_prefix(folder).unwrap().to_owned()))
}

struct Log {
    text: Vec<u8>,
    /// The bytes of it that are there.
    length: usize,
    path: PathBuf,
    is_compressed: bool,
}

impl Log {
    fn new((from, to): (PathBuf, PathBuf), folder: &Path) -> Self {
        let text = fs::read(from).unwrap();
        Self { text, length: 0, path: folder.join(to), is_compressed: false }
    }

    fn grow(&mut self, is_last: bool, random: &mut fastrand::Rng) {
        let left = self.text.len() - self.length;
        let more = random.usize(..=left.min(self.text.len() / 8));
        self.length += if is_last { left } else { more };
        self.write();
    }

    fn write(&self) {
        let text = &self.text[..self.length];
        fs::create_dir_all(self.path.parent().unwrap()).unwrap();
        let level = ruzstd::encoding::CompressionLevel::Fastest;
        let packed = if self.is_compressed {
            ruzstd::encoding::compress_to_vec(text, level)
        } else {
            text.to_vec()
        };
        fs::write(&self.path, packed).unwrap();
    }

    /// Moves it to where its agent may move it; a copy may stay.
    fn move_away(&mut self, agent: &str, folder: &Path, random: &mut fastrand::Rng) {
        let old = self.path.clone();
        let name = old.file_name().unwrap().to_owned();
        if agent == "codex" {
            let year = folder.join("sessions/2026/11/28");
            self.path =
                if random.bool() { folder.join("archived_sessions") } else { year }.join(name);
            self.is_compressed = random.bool();
            let ending = if self.is_compressed { "jsonl.zst" } else { "jsonl" };
            let stem =
                self.path.file_name().unwrap().to_str().unwrap().split(".jsonl").next().unwrap();
            self.path = self.path.with_file_name(format!("{stem}.{ending}"));
        } else {
            // A project that was renamed; what lies below a session moves with it.
            let below: PathBuf = old.strip_prefix(folder).unwrap().components().skip(2).collect();
            self.path = folder.join("projects").join(format!("-p{}", random.u8(..3))).join(below);
        }
        self.write();
        if self.path != old && random.bool() {
            fs::remove_file(old).unwrap();
        }
    }
}
