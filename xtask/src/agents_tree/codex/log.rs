//! One rollout of Codex, as it grows.

use std::fmt::Write as _;

use super::usage::Usage;
use super::version::{Fork, Version};
use crate::agents_tree::text::{Millis, Source, date, time};

pub(super) struct Log<'a> {
    pub(super) version: &'a Version,
    pub(super) id: String,
    pub(super) born: Millis,
    pub(super) at: Millis,
    pub(super) text: String,
    pub(super) model: &'static str,
    pub(super) cwd: String,
    /// What was counted up to now, the parent's included where this is a fork.
    pub(super) totals: Usage,
    pub(super) last: Option<Usage>,
    pub(super) ordinal: u64,
}

impl<'a> Log<'a> {
    pub(super) fn new(
        source: &mut Source,
        version: &'a Version,
        model: &'static str,
        cwd: String,
        at: Millis,
    ) -> Self {
        let (totals, last) = (Usage::default(), None);
        let id = source.uuid7(at);
        Self {
            version,
            id,
            born: at,
            at,
            text: String::new(),
            model,
            cwd,
            totals,
            last,
            ordinal: 0,
        }
    }

    pub(super) fn writes(&self) -> bool {
        self.version.fork == Fork::Numbered
    }

    pub(super) fn pass(&mut self, source: &mut Source, least: Millis, most: Millis) {
        self.at += source.random.skewed(least, most);
    }

    pub(super) fn row(&mut self, kind: &str, payload: &str) {
        let _ = write!(self.text, "{{\"timestamp\":\"{}\",", time(self.at));
        if self.version.fork == Fork::Numbered {
            let _ = write!(self.text, "\"ordinal\":{},", self.ordinal);
        }
        self.ordinal += 1;
        let _ = writeln!(self.text, "\"type\":\"{kind}\",\"payload\":{{{payload}}}}}");
    }

    pub(super) fn event(&mut self, kind: &str, payload: &str) {
        self.row("event_msg", &format!("\"type\":\"{kind}\"{payload}"));
    }

    /// The first row, with `more` about where the session comes from.
    pub(super) fn begin(&mut self, source: &mut Source, more: &str) {
        let bytes = source.random.between(12_000, 20_000);
        let (at, words) = (time(self.born), source.words(bytes));
        let payload = format!(
            "\"id\":\"{}\",{more}\"timestamp\":\"{at}\",\"cwd\":\"{}\",\"originator\":\"codex_exec\",\"cli_version\":\"{}\",\
             \"source\":\"exec\",\"model_provider\":\"openai\",\"base_instructions\":{{\"text\":\"{words}\"}},\"git\":{{}}",
            self.id, self.cwd, self.version.name
        );
        self.row("session_meta", &payload);
    }

    pub(super) fn token_count(&mut self, last: &str) {
        let total = self.totals.json(self.writes());
        self.event(
            "token_count",
            &format!(
                ",\"info\":{{\"total_token_usage\":{total},\"last_token_usage\":{last},\"model_context_window\":258400}},\
                 \"rate_limits\":{{\"limit_id\":\"codex\",\"primary\":{{\"used_percent\":12.0,\"window_minutes\":300}},\"secondary\":null}}"
            ),
        );
    }

    /// Writes what some versions do before a request: the last count once more, or that there is none.
    pub(super) fn repeat(&mut self) {
        match self.last.filter(|_| self.version.repeats) {
            Some(last) => self.token_count(&last.json(self.writes())),
            None if !self.writes() => self.event(
                "token_count",
                ",\"info\":null,\"rate_limits\":{\"limit_id\":\"codex\",\"primary\":null}",
            ),
            None => {}
        }
    }

    /// Returns the file's place below `sessions`, by its day.
    pub(super) fn path(&self, archived: bool) -> String {
        let ((year, month, day), _) = date(self.born);
        let local = time(self.born)[..19].replace(':', "-");
        let folder = if archived {
            "archived_sessions".to_owned()
        } else {
            format!("sessions/{year:04}/{month:02}/{day:02}")
        };
        format!("{folder}/rollout-{local}-{}.jsonl", self.id)
    }
}
