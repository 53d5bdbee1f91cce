//! Counts as Codex writes them: input with what the cache gave and took, output with reasoning.

use crate::agents_tree::truth::Counts;

#[derive(Clone, Copy, Default)]
pub(super) struct Usage {
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) cache_write: u64,
    pub(super) output: u64,
    pub(super) reasoning: u64,
}

impl Usage {
    pub(super) fn add(&mut self, more: &Self) {
        self.input += more.input;
        self.cached += more.cached;
        self.cache_write += more.cache_write;
        self.output += more.output;
        self.reasoning += more.reasoning;
    }

    /// The counts that do not overlap, of one request.
    pub(super) fn counts(&self) -> Counts {
        Counts {
            requests: 1,
            input: self.input - self.cached - self.cache_write,
            output: self.output,
            cache_read: self.cached,
            cache_write: self.cache_write,
            reasoning: self.reasoning,
            ..Counts::default()
        }
    }

    /// As JSON, with the writes where the version knows of them.
    pub(super) fn json(&self, writes: bool) -> String {
        let Self { input, cached, cache_write, output, reasoning } = self;
        let writes = if writes {
            format!("\"cache_write_input_tokens\":{cache_write},")
        } else {
            String::new()
        };
        format!(
            "{{\"input_tokens\":{input},\"cached_input_tokens\":{cached},{writes}\"output_tokens\":{output},\
             \"reasoning_output_tokens\":{reasoning},\"total_tokens\":{}}}",
            input + output
        )
    }
}
