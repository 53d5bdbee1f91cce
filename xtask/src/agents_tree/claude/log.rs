//! One file of rows, as it grows.

use std::fmt::Write as _;

use super::version::Version;
use crate::agents_tree::text::{Millis, Source, time};

/// One row in so many has lost the newline behind it.
const GLUED: u64 = 13_000;

pub(super) struct Project {
    pub(super) cwd: String,
    /// The folder below `projects`.
    pub(super) folder: String,
}

pub(super) struct Log<'a> {
    pub(super) version: &'a Version,
    pub(super) project: &'a Project,
    pub(super) session: String,
    pub(super) agent: Option<String>,
    pub(super) sidechain: bool,
    pub(super) at: Millis,
    pub(super) text: String,
    last: Option<String>,
}

impl<'a> Log<'a> {
    pub(super) fn new(
        version: &'a Version,
        project: &'a Project,
        session: String,
        at: Millis,
    ) -> Self {
        let (text, last) = (String::new(), None);
        Self { version, project, session, agent: None, sidechain: false, at, text, last }
    }

    /// A file of its own for a subagent of this session.
    pub(super) fn subagent(&self, agent: String) -> Self {
        let log = Log::new(self.version, self.project, self.session.clone(), self.at);
        Self { agent: Some(agent), sidechain: true, ..log }
    }

    pub(super) fn pass(&mut self, source: &mut Source, least: Millis, most: Millis) {
        self.at += source.random.skewed(least, most);
    }

    /// Writes one row around what `body` appends, which begins with a comma.
    pub(super) fn row(&mut self, source: &mut Source, body: impl FnOnce(&mut Source, &mut String)) {
        let uuid = source.uuid4();
        let parent = self.last.as_ref().map_or("null".to_owned(), |id| format!("\"{id}\""));
        let _ = write!(
            self.text,
            "{{\"parentUuid\":{parent},\"isSidechain\":{},\"userType\":\"external\",\"cwd\":\"{}\",\
             \"sessionId\":\"{}\",\"version\":\"{}\",\"gitBranch\":\"main\"",
            self.sidechain, self.project.cwd, self.session, self.version.name
        );
        if let Some(agent) = &self.agent {
            let _ = write!(self.text, ",\"agentId\":\"{agent}\"");
        }
        body(source, &mut self.text);
        let _ = write!(self.text, ",\"uuid\":\"{uuid}\",\"timestamp\":\"{}\"}}", time(self.at));
        self.last = Some(uuid);
        self.end(source);
    }

    /// Writes a row that is no part of the conversation.
    pub(super) fn bare(&mut self, source: &mut Source, kind: &str, body: &str) {
        let _ = write!(
            self.text,
            "{{\"type\":\"{kind}\",\"sessionId\":\"{}\",\"timestamp\":\"{}\"{body}}}",
            self.session,
            time(self.at)
        );
        self.end(source);
    }

    fn end(&mut self, source: &mut Source) {
        if !source.random.next().is_multiple_of(GLUED) {
            self.text.push('\n');
        }
    }

    /// Writes what the agent's end leaves: a last newline, or a row that is cut.
    pub(super) fn close(&mut self, source: &mut Source) {
        if !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        if source.random.percent(2) {
            let (id, uuid) = (source.api_id("msg_"), source.uuid4());
            let _ = write!(
                self.text,
                "{{\"parentUuid\":\"{uuid}\",\"isSidechain\":false,\"message\":{{\"id\":\"{id}\",\"type\":\"message\",\
                 \"role\":\"assistant\",\"usage\":{{\"input_tokens\":11,\"output_tokens\":"
            );
        }
    }
}
