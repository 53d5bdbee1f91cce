//! The records that a query is about.

use std::collections::BTreeMap;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::{Label, LabelNames, TagKey, Tier};

/// The records that a query is about, by their names; the default is all of them.
///
/// Of each name any that is kept will do; between names all must hold. Tags likewise, by their keys.
///
/// ```
/// use usage_core::{Filter, Label, LabelNames};
///
/// let filter = Filter::new()
///     .keeping(Label::Provider, "anthropic")
///     .keeping(Label::Provider, "openai")
///     .keeping(Label::Model, "claude-sonnet-4-5");
/// let names = LabelNames::new().with_provider("anthropic").with_model("claude-sonnet-4-5");
/// assert!(filter.matches(&names));
/// assert!(!filter.matches(&names.with_provider("google")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    kept: [Vec<String>; Label::COUNT],
    tags: Vec<(TagKey, String)>,
}

impl Filter {
    /// All records.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The records of one router instance.
    #[must_use]
    pub fn instance(instance_id: &str) -> Self {
        Self::new().keeping(Label::Instance, instance_id)
    }

    /// With one more of the names to keep. A profile is named as in reports: `default` keeps the empty one too. A tier
    /// may be named in a provider's word, as in records: `default` keeps `standard`.
    #[must_use]
    pub fn keeping(mut self, label: Label, name: impl Into<String>) -> Self {
        let name = name.into();
        let name = match label {
            Label::Tier => Tier::named_by(&name).into_owned(),
            _ => name,
        };
        self.kept[label as usize].push(name);
        self
    }

    /// With one more of the values of a tag to keep; the empty one keeps what has no such tag.
    #[must_use]
    pub fn keeping_tag(mut self, key: TagKey, value: impl Into<String>) -> Self {
        self.tags.push((key, value.into()));
        self
    }

    /// The values of tags to keep, in the order in which they were added; none keeps all.
    #[must_use]
    pub const fn tags(&self) -> &[(TagKey, String)] {
        self.tags.as_slice()
    }

    /// The names to keep; none keeps all.
    #[must_use]
    pub const fn kept(&self, label: Label) -> &[String] {
        self.kept[label as usize].as_slice()
    }

    /// Returns whether every record passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tags.is_empty() && self.kept.iter().all(Vec::is_empty)
    }

    /// Returns whether a record with these names and tags passes.
    #[must_use]
    pub fn matches(&self, names: &LabelNames<'_>) -> bool {
        self.matches_tags(names)
            && Label::ALL.into_iter().zip(&self.kept).all(|(label, kept)| {
                // An empty profile and `default` are one, on either side.
                let name = names.reported(label);
                kept.is_empty() || kept.iter().any(|kept| label.reported(kept) == name)
            })
    }

    fn matches_tags(&self, names: &LabelNames<'_>) -> bool {
        self.tags.iter().all(|(key, _)| {
            let value = names.tags().get(key.as_str()).unwrap_or_default();
            self.tags.iter().any(|(kept, of)| kept == key && of == value)
        })
    }
}

/// As every JSON of this project has it: the names to keep, by label, and the values to keep, by the key of their tag.
impl Serialize for Filter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for label in Label::ALL {
            map.serialize_entry(label.name(), self.kept(label))?;
        }
        let mut tags = BTreeMap::<&str, Vec<&str>>::new();
        for (key, value) in &self.tags {
            tags.entry(key.as_str()).or_default().push(value);
        }
        map.serialize_entry("tags", &tags)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TagSet;

    const NAMES: LabelNames<'_> =
        LabelNames::new().with_instance("i").with_provider("v").with_route("r").with_model("m");

    #[test]
    fn every_name_narrows() {
        assert!(Filter::new().is_empty() && Filter::new().matches(&NAMES));
        for label in Label::ALL {
            let keep = |name: &str| Filter::new().keeping(label, name);
            let other = keep("other");
            assert!(!other.is_empty() && !other.matches(&NAMES), "{other:?}");
            assert!(keep(NAMES.get(label)).matches(&NAMES), "{label}");
            assert!(other.keeping(label, NAMES.get(label)).matches(&NAMES), "{label}");
        }
    }

    #[test]
    fn an_empty_profile_is_the_default_one() {
        let keep = |profile| Filter::new().keeping(Label::Profile, profile);
        let (named, other) = (NAMES.with_profile("default"), NAMES.with_profile("work"));
        for filter in [keep(""), keep("default")] {
            assert!(filter.matches(&NAMES) && filter.matches(&named) && !filter.matches(&other));
        }
        assert!(keep("work").matches(&other) && !keep("work").matches(&NAMES));
    }

    #[test]
    fn a_tier_may_be_named_in_a_provider_s_word() {
        let keep = |tier| Filter::new().keeping(Label::Tier, tier);
        let (standard, batch) = (NAMES.with_tier("standard"), NAMES.with_tier("batch"));
        for word in ["default", "ON_DEMAND", "standard"] {
            assert!(keep(word).matches(&standard) && !keep(word).matches(&batch), "{word}");
            assert_eq!(keep(word).kept(Label::Tier), ["standard"]);
        }
        assert!(keep("").matches(&NAMES) && !keep("").matches(&standard));
    }

    #[test]
    fn tags_narrow_by_their_keys() {
        let [team, env] = ["team", "env"].map(|key| TagKey::new(key).unwrap());
        let tags = TagSet::new([("team", "a"), ("x", "b")]).unwrap();
        let tagged = NAMES.with_tags(tags.tags());
        let keep = |value: &str| Filter::new().keeping_tag(team, value);
        assert!(keep("a").matches(&tagged) && !keep("b").matches(&tagged) && !keep("b").is_empty());
        assert!(keep("b").keeping_tag(team, "a").matches(&tagged), "any value of a key");
        assert!(!keep("a").keeping_tag(env, "a").matches(&tagged), "but all keys");
        assert!(keep("a").keeping_tag(env, "").matches(&tagged), "none is the empty one");
        assert!(keep("").matches(&NAMES) && !keep("").matches(&tagged));
        assert!(!keep("a").keeping(Label::Model, "n").matches(&tagged), "and names");
    }
}
