//! The names of a record, as one list: lines, CSV, JSON, filters, groupings, the ledger's columns and journals
//! take names and order from here.

use std::fmt;

/// One name of a record.
///
/// ```
/// use usage_core::Label;
///
/// assert_eq!((Label::Instance.name(), Label::Instance.field()), ("instance", "instance_id"));
/// assert!(Label::Model.is_required() && !Label::Provider.is_required());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Label {
    /// The router instance that handled the request. Never empty.
    Instance,
    /// The route profile that was active. May be empty, and is then reported as `default`.
    Profile,
    /// The provider that answered. May be empty.
    Provider,
    /// The route that was taken. Never empty.
    Route,
    /// The model that answered. Never empty.
    Model,
    /// The service tier that was billed: `standard`, `batch`, `flex`, `priority` or `fast`, or a word of the
    /// provider's that is [none of these](super::Tier::named_by). Empty where it is not known.
    Tier,
    /// The project that the request was for. May be empty.
    Project,
    /// Who made the request. May be empty.
    User,
}

impl Label {
    /// All there are, in the order of the record line.
    pub const ALL: [Self; 8] = [
        Self::Instance,
        Self::Profile,
        Self::Provider,
        Self::Route,
        Self::Model,
        Self::Tier,
        Self::Project,
        Self::User,
    ];

    /// Their number.
    pub const COUNT: usize = Self::ALL.len();

    /// Name, name as a field, whether it must not be empty.
    const fn about(self) -> (&'static str, &'static str, bool) {
        match self {
            Self::Instance => ("instance", "instance_id", true),
            Self::Profile => ("profile", "profile", false),
            Self::Provider => ("provider", "provider", false),
            Self::Route => ("route", "route", true),
            Self::Model => ("model", "model", true),
            Self::Tier => ("tier", "tier", false),
            Self::Project => ("project", "project", false),
            Self::User => ("user", "user", false),
        }
    }

    /// Its name where reports are filtered and grouped by it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.about().0
    }

    /// Its name as a field of the record line and as a column of the ledger.
    #[must_use]
    pub const fn field(self) -> &'static str {
        self.about().1
    }

    /// Returns whether it must not be empty.
    #[must_use]
    pub const fn is_required(self) -> bool {
        self.about().2
    }

    /// The name as reports show it: an empty profile is `default`.
    #[must_use]
    pub const fn reported(self, name: &str) -> &str {
        if matches!(self, Self::Profile) && name.is_empty() { DEFAULT_PROFILE } else { name }
    }
}

/// The profile that an empty one is reported as.
pub const DEFAULT_PROFILE: &str = "default";

/// The name where reports are grouped by it.
impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_in_the_list_is_the_number() {
        for (index, label) in Label::ALL.into_iter().enumerate() {
            assert_eq!(label as usize, index);
        }
    }
}
