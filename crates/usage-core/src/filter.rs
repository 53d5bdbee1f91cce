//! Which records a query is about.

use crate::LabelNames;

/// Which records a query is about, by their names; the default is all of them.
///
/// Within a field any of the names will do; between fields all must hold.
///
/// ```
/// use usage_core::{Filter, LabelNames};
///
/// let filter = Filter {
///     providers: vec!["anthropic".into(), "openai".into()],
///     models: vec!["claude-sonnet-4-5".into()],
///     ..Filter::default()
/// };
/// let names = LabelNames {
///     provider: "anthropic",
///     model: "claude-sonnet-4-5",
///     ..LabelNames::default()
/// };
/// assert!(filter.matches(&names));
/// assert!(!filter.matches(&LabelNames { provider: "google", ..names }));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Router instances to keep; empty keeps all.
    pub instances: Vec<String>,
    /// Profiles to keep as reports name them: `default` keeps the empty one too.
    pub profiles: Vec<String>,
    /// Providers to keep; empty keeps all.
    pub providers: Vec<String>,
    /// Routes to keep; empty keeps all.
    pub routes: Vec<String>,
    /// Models to keep; empty keeps all.
    pub models: Vec<String>,
}

impl Filter {
    /// The records of one router instance.
    #[must_use]
    pub fn instance(instance_id: &str) -> Self {
        Self { instances: vec![instance_id.to_owned()], ..Self::default() }
    }

    /// Whether every record passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a record with these names passes.
    #[must_use]
    pub fn matches(&self, names: &LabelNames<'_>) -> bool {
        let any = |kept: &[String], name: &str| kept.is_empty() || kept.iter().any(|k| k == name);
        // An empty profile and `default` are one, on either side.
        let profile = names.reported_profile();
        let profile_kept = self.profiles.is_empty()
            || self
                .profiles
                .iter()
                .any(|kept| LabelNames { profile: kept, ..*names }.reported_profile() == profile);
        any(&self.instances, names.instance_id)
            && profile_kept
            && any(&self.providers, names.provider)
            && any(&self.routes, names.route)
            && any(&self.models, names.model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: LabelNames<'_> =
        LabelNames { instance_id: "i", profile: "", provider: "v", route: "r", model: "m" };

    fn one(name: &str) -> Vec<String> {
        vec![name.to_owned()]
    }

    #[test]
    fn every_field_narrows() {
        let all = Filter::default();
        assert!(all.is_empty() && all.matches(&NAMES));
        for (matching, other) in [
            (Filter::instance("i"), Filter::instance("j")),
            (
                Filter { providers: one("v"), ..all.clone() },
                Filter { providers: one("w"), ..all.clone() },
            ),
            (
                Filter { routes: one("r"), ..all.clone() },
                Filter { routes: one("s"), ..all.clone() },
            ),
            (
                Filter { models: one("m"), ..all.clone() },
                Filter { models: one("n"), ..all.clone() },
            ),
        ] {
            assert!(!matching.is_empty());
            assert!(matching.matches(&NAMES), "{matching:?}");
            assert!(!other.matches(&NAMES), "{other:?}");
        }
    }

    #[test]
    fn an_empty_profile_is_the_default_one() {
        let keep = |profile| Filter { profiles: one(profile), ..Filter::default() };
        let named = LabelNames { profile: "default", ..NAMES };
        let other = LabelNames { profile: "work", ..NAMES };
        for filter in [keep(""), keep("default")] {
            assert!(filter.matches(&NAMES) && filter.matches(&named) && !filter.matches(&other));
        }
        assert!(keep("work").matches(&other) && !keep("work").matches(&NAMES));
    }
}
