//! `usage import agents`, and each of the agents by its name.

use std::collections::HashSet;
use std::env;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use clap::ValueEnum as _;
use indicatif::ProgressBar;
use usage_core::error::chain;
use usage_import::agents::{
    Agent, Places, ProjectName, Tree, TreeOptions, UNREADABLE, all, named, unreadable_here,
};
use usage_import::{ImportError, ImportEvent, ImportOptions, ImportSummary, run as run_import};
use usage_store::Store;

use super::agent_line::{Line, line, where_skipped};
use super::{PATIENCE, POLL};
use crate::complaints::Complaints;
use crate::context::Context;
use crate::error::CliError;
use crate::hints::where_kept;
use crate::interrupts::Interrupts;
use crate::messages::broken;
use crate::settings::Key;
use crate::{exit_codes, output, progress};

/// What each agent takes, and all of them.
#[derive(Debug, clap::Args)]
pub(crate) struct AllArgs {
    /// How the folder in which an agent worked becomes the name of a project [default: name]
    #[arg(long, value_name = "NAMING")]
    project: Option<Project>,

    /// Read all logs again, not only what is new
    ///
    /// What is in the ledger is still not counted twice, and what was refused is named again. What was pruned or deleted
    /// does not come back: the ledger refuses what is as old, until `usage retain --reset-horizon`.
    #[arg(long)]
    rescan: bool,

    /// Go on looking for what is new until interrupted
    #[arg(short, long)]
    watch: bool,
}

/// What one agent takes.
#[derive(Debug, clap::Args)]
pub(crate) struct OneArgs {
    /// Where its logs are: its folder, one below that, or one log [default: where the agent keeps them]
    path: Option<PathBuf>,

    #[command(flatten)]
    all: AllArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Project {
    /// The folder's last part, of a worktree its repository's
    Name,
    /// The whole path
    Full,
    /// A hash of the path, which says nothing to others
    Hash,
}

impl From<Project> for ProjectName {
    fn from(project: Project) -> Self {
        match project {
            Project::Name => Self::Name,
            Project::Full => Self::Full,
            Project::Hash => Self::Hash,
        }
    }
}

/// As an option says, else as the settings do.
fn naming(args: &AllArgs, context: &Context) -> Result<ProjectName, CliError> {
    let setting = || context.settings().get(Key::Projects);
    let naming = match args.project {
        Some(project) => project,
        None => {
            setting()?.and_then(|word| Project::from_str(word, false).ok()).unwrap_or(Project::Name)
        }
    };
    Ok(naming.into())
}

pub(crate) fn run_all(args: &AllArgs, context: &Context) -> Result<u8, CliError> {
    let found = find(all());
    if found.is_empty() {
        let names: Vec<_> = all().iter().map(|agent| agent.title()).collect();
        return Err(CliError::failed("no agent's logs were found on this machine").hint(format!(
            "`usage import AGENT PATH` reads those that lie elsewhere, of {}",
            names.join(", ")
        )));
    }
    let done = import(&found, args, true, context)?;
    if !context.quiet {
        for agent in with_places(unreadable_here) {
            output::note(&format!(
                "note: nothing was taken over from {}: {}",
                agent.title, agent.why
            ));
        }
    }
    Ok(done)
}

/// Says why nothing can be taken over from an agent.
pub(crate) fn unreadable(name: &str) -> CliError {
    let why = UNREADABLE.iter().find(|agent| agent.name == name);
    let why = why.map_or_else(String::new, |agent| format!(" from {}: {}", agent.title, agent.why));
    CliError::failed(format!("nothing can be taken over{why}"))
}

pub(crate) fn run_one(name: &str, args: &OneArgs, context: &Context) -> Result<u8, CliError> {
    let Some(agent) = named(name) else {
        return Err(CliError::usage(format!("no agent is called {name}")));
    };
    let found = match &args.path {
        Some(path) => vec![(Arc::clone(&agent), path.clone())],
        None => find(vec![Arc::clone(&agent)]),
    };
    if found.is_empty() {
        let places = with_places(|places| agent.roots(places));
        let places: Vec<_> = places.iter().map(|path| path.display().to_string()).collect();
        let title = agent.title();
        return Err(CliError::failed(format!("no logs of {title} were found on this machine"))
            .hint(format!(
                "PATH names where they are; these places were tried: {}",
                places.join(", ")
            )));
    }
    import(&found, &args.all, false, context)
}

/// Returns the titles of the agents whose logs lie where these keep them, each with the places.
pub(crate) fn found() -> Vec<(&'static str, Vec<PathBuf>)> {
    let mut titles: Vec<(&str, Vec<PathBuf>)> = Vec::new();
    for (agent, root) in find(all()) {
        match titles.last_mut().filter(|(title, _)| *title == agent.title()) {
            Some((_, places)) => places.push(root),
            None => titles.push((agent.title(), vec![root])),
        }
    }
    titles
}

type Found = Vec<(Arc<dyn Agent>, PathBuf)>;

/// Looks where agents keep their logs; a place that several names lead to is one.
fn find(agents: Vec<Arc<dyn Agent>>) -> Found {
    let mut known = HashSet::new();
    let mut found = Vec::new();
    for agent in agents {
        for root in with_places(|places| agent.roots(places)) {
            if let Ok(real) = root.canonicalize()
                && known.insert((agent.name(), real))
            {
                found.push((Arc::clone(&agent), root));
            }
        }
    }
    found
}

fn with_places<T>(ask: impl FnOnce(&Places<'_>) -> T) -> T {
    ask(&Places::new(etcetera::home_dir().ok(), &|name| env::var_os(name)))
}

/// Imports what was found. `tells_next` says whether somebody who does it for the first time is told what comes next.
fn import(
    found: &Found,
    args: &AllArgs,
    tells_next: bool,
    context: &Context,
) -> Result<u8, CliError> {
    let options = TreeOptions::default().with_project(naming(args, context)?);
    // First of all, so that no ledger is made for nothing.
    let mut trees = Vec::with_capacity(found.len());
    for (agent, root) in found {
        trees.push(Tree::new(Arc::clone(agent), root, options)?);
    }
    let store = context.open_or_create()?;
    context.recover(&store)?;
    let interrupts = Interrupts::catch()?;
    let mut import = ImportOptions::default();
    import.rescan = args.rescan;
    let bar =
        progress::bar("{prefix} {wide_bar} {human_pos} of {human_len} logs, {eta}", context.quiet);
    let complaints = Mutex::default();
    let job =
        Job { store: &store, import, interrupts: &interrupts, bar: &bar, complaints: &complaints };

    let mut done = Vec::with_capacity(trees.len());
    for tree in &mut trees {
        let summary = job.run(tree)?;
        done.push(summary);
        if summary.is_stopped {
            break;
        }
    }
    bar.finish_and_clear();
    complaints.lock().unwrap_or_else(PoisonError::into_inner).sum_up();
    let mut refused = 0;
    for one in lines(&trees, &done) {
        refused += one.imported.refused;
        if !context.quiet {
            let line = line(&one, &store, context.now_timestamp())?;
            output::print(&format!("{}\n", broken(&line, context.width())))?;
            where_skipped(&one).iter().for_each(|note| output::note(note));
        }
    }
    let is_stopped = done.iter().any(|summary| summary.is_stopped);
    let is_first = done.iter().all(|summary| summary.from_earlier_imports == 0);
    let has_any = done.iter().any(|summary| summary.imported > 0);
    if tells_next && is_first && has_any && !is_stopped && !context.quiet {
        output::note(
            "note: `usage` shows today; `usage daily`, `usage sessions` and `usage blocks` show more",
        );
    }
    if args.watch && !is_stopped {
        refused += job.watch(&mut trees)?;
    } else if is_stopped && !args.watch {
        return Err(CliError::failed("interrupted, the rest was not imported")
            .hint("the same command goes on from there"));
    }
    Ok(if refused > 0 { exit_codes::INPUT_REFUSED } else { exit_codes::DONE })
}

/// Returns a line for each agent: several places of one are told together.
fn lines<'t>(trees: &'t [Tree], done: &[ImportSummary]) -> Vec<Line<'t>> {
    let mut lines: Vec<Line<'t>> = Vec::new();
    for (tree, imported) in trees.iter().zip(done) {
        match lines.last_mut().filter(|line| line.agent.name() == tree.agent().name()) {
            Some(line) => line.add(tree, imported),
            None => lines.push(Line::new(tree, imported)),
        }
    }
    lines
}

/// What all trees have in common.
struct Job<'a> {
    store: &'a Store,
    import: ImportOptions,
    interrupts: &'a Interrupts,
    bar: &'a ProgressBar,
    complaints: &'a Mutex<Complaints>,
}

impl Job<'_> {
    fn run(&self, tree: &mut Tree) -> Result<ImportSummary, ImportError> {
        let name = tree.root().to_owned();
        let title = tree.agent().title();
        let mut most = 0;
        run_import(self.store, tree, &self.import, &mut |event| {
            if let ImportEvent::Progress { left_at_most, .. } = &event {
                most = most.max(*left_at_most);
                // What is read at once needs no bar.
                if most > 0 {
                    self.bar.set_prefix(title);
                    self.bar.set_length(most);
                    self.bar.set_position(most - left_at_most);
                }
            }
            self.hear(&name, &event)
        })
    }

    /// Tells what a person is to know of an event.
    fn hear(&self, name: &Path, event: &ImportEvent<'_>) -> ControlFlow<()> {
        match event {
            ImportEvent::Refused { why, .. } => {
                let kept = why.reason().map_or("", where_kept);
                let mut complaints = self.complaints.lock().unwrap_or_else(PoisonError::into_inner);
                let (place, why) = (name.display().to_string(), format!("{why}{kept}"));
                self.bar.suspend(|| complaints.print(&place, &why));
            }
            ImportEvent::Gap(gap) => self.bar.suspend(|| output::note(gap)),
            ImportEvent::Trouble(error) => {
                output::note(&format!("note: {}; trying again", chain(*error)));
            }
            _ => {}
        }
        if self.interrupts.came() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Watches all trees until interrupted, each on a thread of its own; returns how much was refused.
    fn watch(&self, trees: &mut [Tree]) -> Result<u64, CliError> {
        let refused = AtomicU64::new(0);
        let watched: Result<(), ImportError> = thread::scope(|scope| {
            let threads: Vec<_> = trees
                .iter_mut()
                .map(|tree| {
                    let refused = &refused;
                    scope.spawn(move || {
                        let mut options = ImportOptions::default();
                        (options.watch, options.patience) = (Some(POLL), PATIENCE);
                        let name = tree.root().to_owned();
                        let hear = &mut |event: ImportEvent<'_>| self.hear(&name, &event);
                        let summary = run_import(self.store, tree, &options, hear)?;
                        refused.fetch_add(summary.refused, Ordering::Relaxed);
                        Ok(())
                    })
                })
                .collect();
            let ended = threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(())));
            ended.collect::<Vec<_>>().into_iter().collect()
        });
        watched?;
        Ok(refused.into_inner())
    }
}
