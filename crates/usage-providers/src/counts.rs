//! Disjoint counts, and the one rule that makes them.

/// The usage of one request, split into **disjoint** kinds of tokens with named parts.
///
/// `input`, `output`, `cache_read`, `cache_write` and `unclassified` are tokens; their sum is the
/// total. `reasoning` and `output_audio` are parts of `output`, `input_audio` of `input`,
/// `cache_read_audio` of `cache_read`, `cache_write_long` (the longer lifetime: Anthropic's hour,
/// OpenAI's twelve) of `cache_write`; parts are never added. `web_searches` counts searches that
/// the provider ran and bills a piece.
///
/// ```
/// use usage_providers::Counts;
///
/// let counts = Counts { input: 1_200, cache_read: 30_000, output: 450, reasoning: 120, ..Counts::default() };
/// assert_eq!(counts.total(), 31_650);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Counts {
    /// Input tokens that no cache had a part in.
    pub input: u64,
    /// Output tokens, reasoning included.
    pub output: u64,
    /// Input tokens that were read from a cache.
    pub cache_read: u64,
    /// Input tokens that were written to a cache.
    pub cache_write: u64,
    /// Tokens of which only the total is known.
    pub unclassified: u64,
    /// The part of `output` that the model spent on reasoning.
    pub reasoning: u64,
    /// The part of `cache_write` that was written for the longer lifetime.
    pub cache_write_long: u64,
    /// The part of `input` that was audio.
    pub input_audio: u64,
    /// The part of `output` that was audio.
    pub output_audio: u64,
    /// The part of `cache_read` that was audio.
    pub cache_read_audio: u64,
    /// Searches of the web, run by the provider and billed a piece. No tokens.
    pub web_searches: u64,
}

impl Counts {
    /// Returns the sum of the disjoint kinds.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input
            .saturating_add(self.output)
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.unclassified)
    }

    /// Adds other counts to these, kind by kind.
    pub const fn add(&mut self, other: &Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
        self.cache_read = self.cache_read.saturating_add(other.cache_read);
        self.cache_write = self.cache_write.saturating_add(other.cache_write);
        self.unclassified = self.unclassified.saturating_add(other.unclassified);
        self.reasoning = self.reasoning.saturating_add(other.reasoning);
        self.cache_write_long = self.cache_write_long.saturating_add(other.cache_write_long);
        self.input_audio = self.input_audio.saturating_add(other.input_audio);
        self.output_audio = self.output_audio.saturating_add(other.output_audio);
        self.cache_read_audio = self.cache_read_audio.saturating_add(other.cache_read_audio);
        self.web_searches = self.web_searches.saturating_add(other.web_searches);
    }
}

/// The rule for counts that do not add up, the same for every source: what would fall below zero
/// is zero, a part is at most its whole, and the counts are marked as inconsistent.
///
/// ```
/// use usage_providers::Remainder;
///
/// let mut rule = Remainder::default();
/// assert_eq!(rule.of(100, 30), 70);
/// assert!(!rule.is_inconsistent());
/// assert_eq!(rule.of(10, 12), 0);
/// assert!(rule.is_inconsistent());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remainder {
    inconsistent: bool,
}

impl Remainder {
    /// Returns what is left of a whole without its parts, at least 0.
    pub const fn of(&mut self, whole: u64, parts: u64) -> u64 {
        if parts > whole {
            self.inconsistent = true;
        }
        whole.saturating_sub(parts)
    }

    /// Returns a part of a whole, at most the whole.
    pub const fn part(&mut self, part: u64, whole: u64) -> u64 {
        if part > whole {
            self.inconsistent = true;
            return whole;
        }
        part
    }

    /// Compares what was made of the counts with the total that the provider states.
    pub fn check(&mut self, total: u64, stated: Option<u64>) {
        self.inconsistent |= stated.is_some_and(|stated| stated != total);
    }

    /// Marks the counts without a remainder: a number that is none, or entries too many to keep.
    pub const fn mark(&mut self) {
        self.inconsistent = true;
    }

    /// Returns whether something did not add up.
    #[must_use]
    pub const fn is_inconsistent(&self) -> bool {
        self.inconsistent
    }
}
