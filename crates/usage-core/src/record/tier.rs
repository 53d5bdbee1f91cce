//! Tiers of service, and providers' words for them.

use std::borrow::Cow;
use std::fmt;

/// The tier that served a request, as far as it has to do with its price.
///
/// Records name theirs by [`Label::Tier`](super::Label::Tier), in these words where it is one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tier {
    /// The usual one.
    Standard,
    /// Answers within a day, for less.
    Batch,
    /// Slower, for less.
    Flex,
    /// Ahead of others, for more.
    Priority,
    /// A faster machine or mode, for more.
    Fast,
}

/// Providers' words, in small letters with `_` for `-`.
///
/// Capacity that is paid for in advance (OpenAI's scale, Bedrock's reserved, Vertex's provisioned
/// throughput) has no price a token; it counts as standard. `auto` is what a client asks for, and
/// does not say what served it.
const WORDS: &[(&str, Tier)] = &[
    ("standard", Tier::Standard),
    ("default", Tier::Standard),
    ("on_demand", Tier::Standard),
    ("scale", Tier::Standard),
    ("reserved", Tier::Standard),
    ("provisioned_throughput", Tier::Standard),
    ("service_tier_standard", Tier::Standard),
    ("batch", Tier::Batch),
    ("on_demand_batch", Tier::Batch),
    ("service_tier_batch", Tier::Batch),
    ("flex", Tier::Flex),
    ("on_demand_flex", Tier::Flex),
    ("service_tier_flex", Tier::Flex),
    ("priority", Tier::Priority),
    ("on_demand_priority", Tier::Priority),
    ("service_tier_priority", Tier::Priority),
    ("fast", Tier::Fast),
    ("ultrafast", Tier::Fast),
];

impl Tier {
    /// All there are.
    pub const ALL: [Self; 5] =
        [Self::Standard, Self::Batch, Self::Flex, Self::Priority, Self::Fast];

    /// Returns the tier that a provider's word names, whatever its case.
    ///
    /// ```
    /// use usage_core::Tier;
    ///
    /// assert_eq!(Tier::from_word("ON_DEMAND_FLEX"), Some(Tier::Flex));
    /// assert_eq!(Tier::from_word("default"), Some(Tier::Standard));
    /// assert_eq!(Tier::from_word("auto"), None);
    /// ```
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        let small = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
        let word = word.trim();
        let is_it = |name: &str| name.bytes().eq(word.bytes().map(small));
        WORDS.iter().find(|(name, _)| is_it(name)).map(|(_, tier)| *tier)
    }

    /// Returns the word as records have it: the name of the tier that it names, and any other word, which a provider
    /// may invent tomorrow, in small letters.
    ///
    /// ```
    /// use usage_core::Tier;
    ///
    /// assert_eq!(Tier::named_by("SERVICE_TIER_BATCH"), "batch");
    /// assert_eq!(Tier::named_by("Overnight"), "overnight");
    /// ```
    #[must_use]
    pub fn named_by(word: &str) -> Cow<'_, str> {
        match Self::from_word(word) {
            Some(tier) => Cow::Borrowed(tier.name()),
            None if word.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                Cow::Owned(word.trim().to_ascii_lowercase())
            }
            None => Cow::Borrowed(word.trim()),
        }
    }

    /// Returns the tier's name in a record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
            Self::Fast => "fast",
        }
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tier_s_own_name_is_one_of_its_words() {
        for tier in Tier::ALL {
            assert_eq!(Tier::from_word(tier.name()), Some(tier));
            assert_eq!(tier.to_string(), tier.name());
        }
    }

    #[test]
    fn words_are_found_as_they_are_written_here() {
        for (word, tier) in WORDS {
            assert_eq!(Tier::from_word(word), Some(*tier), "{word}");
            assert_eq!(Tier::from_word(&word.to_ascii_uppercase()), Some(*tier), "{word}");
        }
        assert_eq!(Tier::from_word("on-demand"), Some(Tier::Standard));
        assert_eq!(Tier::from_word(""), None);
    }

    #[test]
    fn a_name_stays_what_it_is() {
        let words = WORDS.iter().map(|(word, _)| *word);
        for word in words.chain(["", " ", "auto", "Overnight ", "É", "a-b", "模"]) {
            let name = Tier::named_by(word).into_owned();
            assert_eq!(Tier::named_by(&name), name, "{word}");
        }
        assert_eq!(Tier::named_by("Over-Night"), "over-night");
    }
}
