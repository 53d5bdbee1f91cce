//! The logs of an agent below a root, as an importer gives them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use usage_core::Record;

use super::agent::Agent;
use super::counted::Counted;
use super::progress::{self, State, States, UNKNOWN};
use super::project::ProjectName;
use super::readers::{Job, Readers};
use super::skipped::{SkipReason, Skipped};
use super::told::Step;
use super::walk::{Found, Walk};
use crate::error::ImportError;
use crate::importer::{Batch, Importer, Item, Place};

/// About so many records are written to the ledger at a time.
const AT_ONCE: usize = 10_000;

/// A cursor is written when it has no more than so many bytes for each record that is new since it was written.
const SHARE: usize = 32;

/// The share of the time that looking for what is new may take, while a tree is watched: one in so many.
const RESTING: u32 = 20;

/// The options of reading agents' logs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeOptions {
    /// How folders become projects.
    pub project: ProjectName,
}

impl TreeOptions {
    /// Returns these options with another way to name projects.
    #[must_use]
    pub const fn with_project(self, project: ProjectName) -> Self {
        Self { project }
    }
}

/// The account of one agent's tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TreeSummary {
    /// The number of logs.
    pub files: u64,
    /// The number of those that were read, as they were new or had changed.
    pub read: u64,
    /// The bytes of all logs, as they lie on the disk.
    pub bytes: u64,
    /// What was not read, by reason.
    pub skipped: Skipped,
}

/// Reads all logs of an agent below a root, each line once.
///
/// A ledger remembers how far each log is read, all of them together. Several threads read, whoever runs the import
/// writes. Nothing of the agent's is ever changed.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let (home, ledger) = (folder.path().join(".claude"), folder.path().join("usage.db"));
/// # std::fs::create_dir_all(home.join("projects/-p"))?;
/// use std::ops::ControlFlow;
/// use usage_import::agents::{Tree, TreeOptions, named};
/// use usage_import::{ImportOptions, run};
/// use usage_store::Store;
///
/// let row = r#"{"type":"assistant","timestamp":"2026-11-28T10:00:00Z","cwd":"/home/dev/site",
///     "message":{"id":"msg_1","model":"claude-sonnet-4-5","stop_reason":"end_turn",
///     "usage":{"input_tokens":10,"output_tokens":5}}}"#;
/// std::fs::write(home.join("projects/-p/s.jsonl"), row.replace('\n', "") + "\n")?;
///
/// let store = Store::open(&ledger)?;
/// let agent = named("claude-code").expect("it is one of them");
/// let mut tree = Tree::new(agent, &home, TreeOptions::default())?;
/// let options = ImportOptions::default();
/// let mut import = || run(&store, &mut tree, &options, &mut |_| ControlFlow::Continue(()));
/// assert_eq!((import()?.imported, import()?.imported), (1, 0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Tree {
    agent: Arc<dyn Agent>,
    root: PathBuf,
    source: String,
    options: TreeOptions,
    /// How far the logs are read, as far as was given.
    states: States,
    /// The cursor that says so.
    at: Option<Vec<u8>>,
    /// The cursor that the ledger had at the beginning, where the agent tells totals.
    known: Option<Vec<u8>>,
    /// The look at the tree that goes on.
    look: Option<Look>,
    /// Records that were given without a cursor behind them.
    unwritten: usize,
    summary: TreeSummary,
    /// When the last look ended, and how long finding the files took.
    rested: Option<(Instant, Duration)>,
}

struct Look {
    files: Arc<Vec<Found>>,
    readers: Readers,
    /// The number of files that are not read to their ends.
    open: usize,
}

impl Tree {
    /// Reads the logs of an agent below a root: a folder where it keeps them, a folder above that, or one log.
    ///
    /// # Errors
    /// When there is nothing, or its path cannot be made absolute.
    pub fn new(
        agent: Arc<dyn Agent>,
        root: &Path,
        options: TreeOptions,
    ) -> Result<Self, ImportError> {
        let unreadable = |source| ImportError::Io { doing: "look at", path: root.into(), source };
        let absolute = std::path::absolute(root).map_err(unreadable)?;
        match std::fs::metadata(&absolute) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(ImportError::NotFound { kind: "log", path: root.into() });
            }
            Err(error) => return Err(unreadable(error)),
            Ok(_) => {}
        }
        let place = if agent.tells_totals() { "".into() } else { absolute.to_string_lossy() };
        let source = format!("{}:{place}", agent.name());
        Ok(Self {
            agent,
            root: absolute,
            source,
            options,
            states: States::new(),
            at: None,
            known: None,
            look: None,
            unwritten: 0,
            summary: TreeSummary::default(),
            rested: None,
        })
    }

    /// Returns the agent.
    #[must_use]
    pub fn agent(&self) -> &dyn Agent {
        &*self.agent
    }

    /// Returns the root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns what the last look at the tree has found.
    #[must_use]
    pub const fn summary(&self) -> &TreeSummary {
        &self.summary
    }

    /// Returns the totals that the agent itself states of sessions, in the logs as far as they are read.
    #[must_use]
    pub fn counted(&self) -> Vec<Counted> {
        let memories = self.states.values().map(|state| &state.progress.memory);
        memories.filter_map(|memory| self.agent.counted(memory)).collect()
    }

    /// Looks for what is new behind a cursor, and begins to read it.
    fn begin(&mut self, after: Option<&[u8]>) -> Look {
        let before = Instant::now();
        // What is read anew from the start still goes on from what was told of totals.
        let known = after.or(self.known.as_deref());
        self.states = known.and_then(progress::read).unwrap_or_default();
        if after.is_none() {
            self.states.values_mut().for_each(|state| state.modified = UNKNOWN);
        }
        self.at = after.map(<[u8]>::to_vec);
        let folders = self.agent.folders(&self.root);
        let Walk { files, skipped, .. } = Walk::of(&*self.agent, &folders);
        self.rested = Some((before, before.elapsed()));
        let hides = [SkipReason::NoPermission, SkipReason::Unreadable, SkipReason::TooMany];
        let may_forget = !self.agent.tells_totals();
        if may_forget && hides.iter().all(|reason| skipped.count(*reason) == 0) {
            // What is gone is forgotten; unless it may just not be seen for now.
            let found: std::collections::HashSet<u64> = files.iter().map(|it| it.key).collect();
            self.states.retain(|key, _| found.contains(key));
        }
        self.summary = TreeSummary {
            files: files.len() as u64,
            read: 0,
            bytes: files.iter().map(|found| found.bytes).sum(),
            skipped,
        };
        let is_new = |found: &Found| match self.states.get(&found.key) {
            Some(state) => (state.bytes, state.modified) != (found.bytes, found.modified),
            // An empty one says nothing, and nothing is to be remembered of it.
            None => found.bytes > 0,
        };
        let files = Arc::new(files);
        let new = (0..).zip(files.iter()).filter(|(_, found)| is_new(found));
        let progress_of = |found: &Found| {
            let state = self.states.get(&found.key)?;
            Some(Box::new(state.progress.clone()))
        };
        let mut jobs: Vec<Job> =
            new.map(|(file, found)| Job { file, progress: progress_of(found) }).collect();
        // The largest first, so that no thread ends long after the others.
        jobs.sort_unstable_by_key(|job| std::cmp::Reverse(files[job.file].bytes));
        let open = jobs.len();
        Look { readers: Readers::start(&self.agent, self.options, &files, jobs), files, open }
    }

    /// Takes over what was read of a log.
    fn take(&mut self, found: &Found, step: Step, batch: &mut Batch) -> Vec<Record> {
        let Step { progress, is_end, has_failed, records, refused, notes, skipped, .. } = step;
        batch.refused += refused;
        batch.gaps.extend(notes);
        self.summary.skipped.add_all(skipped);
        let (bytes, modified) = match is_end && !has_failed {
            true => (found.bytes, found.modified),
            false => (found.bytes, UNKNOWN),
        };
        if is_end {
            self.summary.read += 1;
        }
        self.states.insert(found.key, State { bytes, modified, progress });
        records
    }
}

impl Importer for Tree {
    fn source(&self) -> Option<String> {
        Some(self.source.clone())
    }

    fn resume(&mut self, cursor: &[u8]) -> Result<Option<Place>, ImportError> {
        self.known = self.agent.tells_totals().then(|| cursor.to_vec());
        Ok(progress::read(cursor).map(|_| Place::Line(0)))
    }

    fn read(&mut self, after: Option<&[u8]>) -> Result<Batch, ImportError> {
        // Somebody else may have got on with it.
        let same = self.look.take().filter(|_| self.at.as_deref() == after);
        let mut look = match same {
            Some(look) => look,
            None => self.begin(after),
        };
        let mut batch = Batch::default();
        let mut has_moved = false;
        let mut number = 0;
        while batch.items.len() < AT_ONCE && look.open > 0 {
            let Some(step) = look.readers.next() else {
                // No thread could be started. The next import tries again.
                let root = || self.root.display().to_string();
                self.summary.skipped.add(SkipReason::Unreadable, root);
                look.open = 0;
                break;
            };
            has_moved = true;
            look.open -= usize::from(step.is_end);
            for record in self.take(&look.files[step.file], step, &mut batch) {
                number += 1;
                batch.items.push(Item { place: Place::Line(number), record: Ok(record) });
            }
        }
        batch.is_last = look.open == 0;
        self.unwritten += batch.items.len();
        // A cursor need not be exact, and that of a million logs is long.
        let is_due = self.at.as_ref().is_none_or(|at| self.unwritten >= at.len() / SHARE);
        if batch.is_last && (has_moved || self.at.is_none() || self.unwritten > 0)
            || has_moved && is_due
        {
            self.unwritten = 0;
            let cursor = progress::write(&self.states);
            if self.at.as_ref() != Some(&cursor) {
                self.at = Some(cursor.clone());
                batch.cursor = Some(cursor);
            }
        }
        if !batch.is_last {
            batch.left_at_most = look.open as u64;
            self.look = Some(look);
        }
        Ok(batch)
    }

    fn may_have_more(&mut self) -> bool {
        let resting = |(ended, took): (Instant, Duration)| ended.elapsed() < took * RESTING;
        !self.rested.is_some_and(resting)
    }
}
