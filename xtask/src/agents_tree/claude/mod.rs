//! Sessions of Claude Code, with their subagents and what is resumed or forked from them.

mod copies;
mod log;
mod other;
mod request;
mod version;

use std::collections::BTreeMap;
use std::path::PathBuf;

use self::log::{Log, Project};
use self::request::{Context, Request};
use self::version::{Subagents, VERSIONS};
use super::LogFile;
use super::text::{DAY, FIRST_DAY, Source};
use super::truth::{Counts, Tally};

const MODELS: [(u64, &str); 4] = [
    (45, "claude-sonnet-4-5-20250929"),
    (30, "claude-opus-4-5-20251101"),
    (15, "claude-opus-4-6"),
    (10, "claude-haiku-4-5-20251001"),
];
const SMALL_MODEL: &str = "claude-haiku-4-5-20251001";
const PROJECTS: u64 = 24;
/// Tokens after which the agent compacts.
const WINDOW: u64 = 160_000;
/// Days in which one version was the newest.
const DAYS_OF_VERSION: u64 = 40;

/// A session and, sometimes, one that was made of it.
pub(super) fn sessions(source: &mut Source, tally: &mut Tally) -> Vec<LogFile> {
    let (mut days, mut version) = (0, VERSIONS[0].1);
    let drawn = source.random.next() % 100;
    let mut so_far = 0;
    for (index, (weight, candidate)) in (0..).zip(VERSIONS) {
        if (so_far..so_far + weight).contains(&drawn) {
            (days, version) = (index * DAYS_OF_VERSION, candidate);
        }
        so_far += weight;
    }
    let at = FIRST_DAY + days * DAY + source.random.next() % (DAYS_OF_VERSION * DAY);
    let project = project(source);
    let mut made = Made::default();
    let mut log = Log::new(version, &project, source.uuid4(), at);
    other::opening(source, &mut log);
    let model = source.random.weighted(&MODELS).unwrap_or(SMALL_MODEL);
    let mut context = Context {
        model,
        long: source.random.percent(40),
        cached: source.random.between(12_000, 22_000),
        request_ids: !source.random.percent(4),
    };
    let turns = 1 + source.random.skewed(0, 24) * source.random.skewed(0, 10) / 3;
    made.turns(source, &mut log, &mut context, tally, turns);
    log.close(source);
    tally.sessions += 1;
    if source.random.percent(9) {
        made.resumed(source, &log, &mut context, tally);
    }
    made.file(&project, format!("{}.jsonl", log.session), log.text);
    made.files
}

fn project(source: &mut Source) -> Project {
    let number = source.random.skewed(1, PROJECTS);
    let cwd = match number {
        3 | 7 => {
            format!("/home/dev/work/app-{number}/.worktrees/branch_{}", source.random.next() % 5)
        }
        11 => "/home/dev/My Projects/naïve.site".to_owned(),
        _ => format!("/home/dev/work/app-{number}"),
    };
    let dash = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
    let folder = cwd.chars().map(dash).collect();
    Project { cwd, folder }
}

/// The files of a session, and what the agent itself sums up of it.
#[derive(Default)]
struct Made {
    files: Vec<LogFile>,
    totals: BTreeMap<&'static str, Counts>,
    /// Whether something was sent that no row tells of.
    unlogged: bool,
}

impl Made {
    fn file(&mut self, project: &Project, name: String, text: String) {
        let path = PathBuf::from("projects").join(&project.folder).join(name);
        self.files.push(LogFile { path, text });
    }

    fn turns(
        &mut self,
        source: &mut Source,
        log: &mut Log<'_>,
        context: &mut Context,
        tally: &mut Tally,
        turns: u64,
    ) {
        for _ in 0..turns {
            log.pass(source, 2_000, 900_000);
            other::user(source, log);
            for _ in 0..source.random.skewed(1, 16) {
                self.request(source, log, context, tally);
                match source.random.next() % 1_000 {
                    0..=11 => self.subagent(source, log, context, tally),
                    12..=15 => other::failure(source, log, tally),
                    _ => other::tool_result(source, log),
                }
                if log.version.nested && source.random.percent(60) {
                    other::hook(source, log);
                }
            }
            if context.cached > WINDOW {
                self.compaction(source, log, context, tally);
            }
        }
        if log.version.newest {
            let totals: Vec<_> = self.totals.iter().map(|(model, sum)| (*model, *sum)).collect();
            other::totals(source, log, &totals);
        }
    }

    fn request(
        &mut self,
        source: &mut Source,
        log: &mut Log<'_>,
        context: &mut Context,
        tally: &mut Tally,
    ) -> Request {
        if log.version.newest && !log.sidechain {
            other::sent(source, log);
        }
        let request = request::write(source, log, context, tally);
        self.totals.entry(context.model).or_default().add(&request.counts);
        request
    }

    fn compaction(
        &mut self,
        source: &mut Source,
        log: &mut Log<'_>,
        context: &mut Context,
        tally: &mut Tally,
    ) {
        other::compaction(source, log, context.cached);
        if log.version.newest {
            let output = source.random.between(900, 3_000);
            let cache_read = context.cached;
            let unlogged = Counts { requests: 1, output, cache_read, ..Counts::default() };
            self.totals.entry(context.model).or_default().add(&unlogged);
            self.unlogged = true;
            tally.count_apart("unlogged", &unlogged);
        }
        context.cached = source.random.between(14_000, 30_000);
    }

    fn subagent(
        &mut self,
        source: &mut Source,
        log: &mut Log<'_>,
        parent: &Context,
        tally: &mut Tally,
    ) {
        let model = if source.random.percent(60) { SMALL_MODEL } else { parent.model };
        let cached = source.random.between(5_000, 12_000);
        let mut context = Context { model, cached, ..*parent };
        let agent = source.hex(if log.version.newest { 16 } else { 7 });
        let requests = source.random.between(2, 12);
        let (mut last, mut total) = (Counts::default(), 0);
        if log.version.subagents == Subagents::Inline {
            log.sidechain = true;
            for _ in 0..requests {
                last = self.request(source, log, &mut context, tally).counts;
                other::tool_result(source, log);
            }
            log.sidechain = false;
        } else {
            let mut own = log.subagent(agent.clone());
            // Cleaned away, so that only its parent's rows tell of it.
            let lost = log.version.nested && source.random.percent(30);
            other::user(source, &mut own);
            for _ in 0..requests {
                let request = self.request(source, &mut own, &mut context, tally);
                other::tool_result(source, &mut own);
                if log.version.nested {
                    other::nested(source, log, &agent, &request);
                }
                if lost {
                    tally.count_apart("nested_alone", &request.counts);
                }
                last = request.counts;
                total += last.input + last.cache_read + last.cache_write + last.output;
            }
            log.at = own.at;
            if !lost {
                own.close(source);
                self.subagent_files(log, &agent, own.text);
            }
        }
        other::subagent_result(source, log, &last, total);
    }

    fn subagent_files(&mut self, log: &Log<'_>, agent: &str, text: String) {
        let folder = match log.version.subagents {
            Subagents::Below => format!("{}/subagents/", log.session),
            Subagents::Beside | Subagents::Inline => String::new(),
        };
        self.file(log.project, format!("{folder}agent-{agent}.jsonl"), text);
        if log.version.subagents == Subagents::Below {
            let meta = "{\"agentType\":\"general-purpose\"}".to_owned();
            self.file(log.project, format!("{folder}agent-{agent}.meta.json"), meta);
        }
    }

    fn resumed(
        &mut self,
        source: &mut Source,
        parent: &Log<'_>,
        context: &mut Context,
        tally: &mut Tally,
    ) {
        if self.unlogged {
            return; // its totals hold what is not logged, and would hold it twice
        }
        let session = source.uuid4();
        let mut log = Log::new(parent.version, parent.project, session, parent.at);
        log.pass(source, 60_000, 2 * DAY);
        other::queued(source, &mut log);
        let copies =
            copies::copied(&parent.text, &parent.session, &log.session, parent.version, log.at);
        log.text.push_str(&copies);
        let turns = source.random.skewed(1, 5);
        self.turns(source, &mut log, context, tally, turns);
        log.close(source);
        tally.sessions += 1;
        let project = log.project;
        self.file(project, format!("{}.jsonl", log.session), log.text);
    }
}
