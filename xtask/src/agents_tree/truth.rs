//! What the tree says, counted where it is made up and not by reading it.

use std::collections::BTreeMap;

#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Counts {
    pub(super) requests: u64,
    pub(super) input: u64,
    pub(super) output: u64,
    pub(super) cache_read: u64,
    pub(super) cache_write: u64,
    /// A part of `cache_write`.
    pub(super) cache_write_long: u64,
    /// A part of `output`.
    pub(super) reasoning: u64,
    pub(super) web_searches: u64,
    /// Requests whose output is a placeholder.
    pub(super) partial: u64,
}

impl Counts {
    pub(super) fn add(&mut self, more: &Self) {
        self.requests += more.requests;
        self.input += more.input;
        self.output += more.output;
        self.cache_read += more.cache_read;
        self.cache_write += more.cache_write;
        self.cache_write_long += more.cache_write_long;
        self.reasoning += more.reasoning;
        self.web_searches += more.web_searches;
        self.partial += more.partial;
    }

    fn json(&self) -> String {
        format!(
            "\"requests\":{},\"input\":{},\"output\":{},\"cache_read\":{},\"cache_write\":{},\
             \"cache_write_long\":{},\"reasoning\":{},\"web_searches\":{},\"partial\":{}",
            self.requests,
            self.input,
            self.output,
            self.cache_read,
            self.cache_write,
            self.cache_write_long,
            self.reasoning,
            self.web_searches,
            self.partial,
        )
    }
}

/// One agent's truth.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) files: u64,
    pub(super) bytes: u64,
    /// Sessions that hold at least one request of their own.
    pub(super) sessions: u64,
    /// Rows in which the agent notes that a request failed.
    pub(super) errors: u64,
    models: BTreeMap<&'static str, Counts>,
    /// Parts of the whole, and what is not in it, by a name that says which.
    apart: BTreeMap<&'static str, Counts>,
}

impl Tally {
    pub(super) fn count(&mut self, model: &'static str, counts: &Counts) {
        self.models.entry(model).or_default().add(counts);
    }

    pub(super) fn count_apart(&mut self, name: &'static str, counts: &Counts) {
        self.apart.entry(name).or_default().add(counts);
    }

    pub(super) fn whole(&self) -> Counts {
        let mut whole = Counts::default();
        self.models.values().for_each(|counts| whole.add(counts));
        whole
    }

    pub(super) fn json(&self) -> String {
        let list = |counts: &BTreeMap<&str, Counts>| {
            let entries = counts.iter().map(|(name, counts)| {
                let counts = counts.json();
                format!("\n      \"{name}\": {{{counts}}}")
            });
            entries.collect::<Vec<_>>().join(",")
        };
        let Self { files, bytes, sessions, errors, .. } = self;
        format!(
            "{{\n    \"files\":{files},\"bytes\":{bytes},\"sessions\":{sessions},\"errors\":{errors},\n    \
             {},\n    \"models\": {{{}}},\n    \"apart\": {{{}}}}}",
            self.whole().json(),
            list(&self.models),
            list(&self.apart)
        )
    }
}
