//! Imports of agents' logs into ledgers of their own.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use usage_core::{Filter, Label, Measure, Record, TimeRange};
use usage_import::agents::{Tree, TreeOptions, TreeSummary, named};
use usage_import::{ImportEvent, ImportOptions, ImportSummary, run};
use usage_store::Store;

/// A ledger, and the imports into it.
pub(crate) struct Ledger {
    _folder: TempDir,
    pub(crate) store: Store,
}

/// The outcome of an import.
#[derive(Debug)]
pub(crate) struct Imported {
    pub(crate) summary: ImportSummary,
    pub(crate) tree: TreeSummary,
    pub(crate) notes: Vec<String>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("usage.db")).unwrap();
        Self { _folder: folder, store }
    }

    pub(crate) fn import(&self, agent: &str, root: &Path) -> Imported {
        let agent = named(agent).unwrap();
        let mut tree = Tree::new(agent, root, TreeOptions::default()).unwrap();
        let mut notes = Vec::new();
        let mut told = |event: ImportEvent<'_>| {
            match event {
                ImportEvent::Gap(note) => notes.push(note.to_owned()),
                ImportEvent::Refused { why, .. } => notes.push(why.to_string()),
                _ => {}
            }
            ControlFlow::Continue(())
        };
        let options = ImportOptions::default();
        let summary = run(&self.store, &mut tree, &options, &mut told).unwrap();
        Imported { summary, tree: tree.summary().clone(), notes }
    }

    pub(crate) fn records(&self) -> Vec<Record> {
        let (all, filter) = (TimeRange::ALL, Filter::default());
        let records = self.store.records_by_period(all, &filter);
        let mut records: Vec<Record> = records.map(|stored| stored.unwrap().record).collect();
        records.sort_by(|a, b| a.event_id().cmp(&b.event_id()));
        records
    }

    /// The sums over all answers.
    pub(crate) fn sums(&self) -> Sums {
        let mut sums = Sums::default();
        for record in self.records() {
            let of = |measure| u64::from(record.counts().get(measure));
            sums.errors += of(Measure::Errors);
            let is_beside = ["compaction", "advisor"].contains(&record.labels().name(Label::Route));
            sums.beside += u64::from(is_beside);
            if is_beside || of(Measure::Errors) > 0 {
                continue;
            }
            sums.requests += 1;
            sums.input += of(Measure::Input);
            sums.output += of(Measure::Output);
            sums.cache_read += of(Measure::CacheRead);
            sums.cache_write += of(Measure::CacheWrite);
            sums.cache_write_long += of(Measure::CacheWriteLong);
            sums.reasoning += of(Measure::Reasoning);
            let model = record.labels().name(Label::Model).to_owned();
            *sums.models.entry(model).or_default() += 1;
        }
        sums
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) requests: u64,
    /// Those that no model answered.
    pub(crate) errors: u64,
    /// What models did beside an answer, in requests of their own.
    pub(crate) beside: u64,
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache_read: u64,
    pub(crate) cache_write: u64,
    pub(crate) cache_write_long: u64,
    pub(crate) reasoning: u64,
    pub(crate) models: std::collections::BTreeMap<String, u64>,
}

/// A recording, and what its logs come to.
pub(crate) struct Recording {
    pub(crate) agent: &'static str,
    pub(crate) folder: PathBuf,
}

impl Recording {
    /// Those of this project, and those of the folder that `USAGE_AGENT_TREES` names, if it does: one folder an
    /// agent, in it one a recording, as here.
    pub(crate) fn all() -> Vec<Self> {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/agents/trees");
        let others = std::env::var_os("USAGE_AGENT_TREES").map(PathBuf::from);
        let mut all = Vec::new();
        for base in [Some(own), others].into_iter().flatten() {
            for (kind, agent) in [
                ("claude-code", "claude-code"),
                ("claude-code-real", "claude-code"),
                ("codex", "codex"),
            ] {
                let Ok(entries) = fs::read_dir(base.join(kind)) else { continue };
                let folders = entries.map(|entry| entry.unwrap().path());
                all.extend(folders.map(|folder| Self { agent, folder }));
            }
        }
        all
    }

    /// What the recording says that its logs come to.
    pub(crate) fn expected(&self) -> Sums {
        let text = fs::read_to_string(self.folder.join("expected.json")).unwrap();
        let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
        let counts = expected.get("logged").or(expected.get("disjoint")).unwrap();
        let of = |name: &str| counts.get(name).and_then(serde_json::Value::as_u64).unwrap_or(0);
        let models = expected["models"].as_object().unwrap();
        Sums {
            requests: expected["requests"].as_u64().unwrap(),
            errors: 0,
            beside: 0,
            input: of("input"),
            output: of("output"),
            cache_read: of("cache_read"),
            cache_write: of("cache_write"),
            cache_write_long: of("cache_write_1h"),
            reasoning: expected["reasoning"].as_u64().unwrap_or(0),
            models: models
                .iter()
                .map(|(name, count)| (name.clone(), count.as_u64().unwrap()))
                .collect(),
        }
    }
}

/// The files below a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}
