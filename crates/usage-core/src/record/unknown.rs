//! Fields that no record has, where they are passed over.

use std::collections::BTreeMap;

/// So many names are told apart.
const MOST: usize = 100;

/// Counts of the fields in the input that no record has, by their names. Bounded, whatever is read: of many names those
/// that are met first are kept, and the others are counted together.
///
/// ```
/// use usage_core::record::UnknownFields;
///
/// let mut unknown = UnknownFields::default();
/// unknown.add("user_id");
/// unknown.add("user_id");
/// assert_eq!(unknown.by_name().collect::<Vec<_>>(), [("user_id", 2)]);
/// assert_eq!((unknown.total(), unknown.others()), (2, 0));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownFields {
    by_name: BTreeMap<String, u64>,
    others: u64,
}

impl UnknownFields {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { by_name: BTreeMap::new(), others: 0 }
    }

    /// Counts one in.
    pub fn add(&mut self, name: &str) {
        if let Some(count) = self.by_name.get_mut(name) {
            *count += 1;
        } else if self.by_name.len() < MOST {
            self.by_name.insert(name.to_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    /// Counts in what was met elsewhere.
    pub fn merge(&mut self, other: &Self) {
        for (name, count) in &other.by_name {
            if let Some(known) = self.by_name.get_mut(name) {
                *known += count;
            } else if self.by_name.len() < MOST {
                self.by_name.insert(name.clone(), *count);
            } else {
                self.others += count;
            }
        }
        self.others += other.others;
    }

    /// Returns the names, in their order, and how often there was a field of each. Those of great length are
    /// shortened.
    pub fn by_name(&self) -> impl Iterator<Item = (&str, u64)> {
        self.by_name.iter().map(|(name, count)| (name.as_str(), *count))
    }

    /// Returns how many fields there were whose names are not among those that are kept.
    #[must_use]
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// Returns how many there were in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_name.values().sum::<u64>() + self.others
    }

    /// Returns whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_names_are_counted_together() {
        let mut unknown = UnknownFields::default();
        for number in 0..MOST + 7 {
            unknown.add(&number.to_string());
            unknown.add("0");
        }
        let count = u64::try_from(MOST).unwrap() + 7;
        assert_eq!((unknown.total(), unknown.others()), (2 * count, 7));
        assert_eq!(unknown.by_name().count(), MOST);
        assert_eq!(unknown.by_name().next(), Some(("0", count + 1)));
        let mut other = UnknownFields::default();
        ["0", "new", "new"].iter().for_each(|name| other.add(name));
        unknown.merge(&other);
        assert_eq!((unknown.total(), unknown.others()), (2 * count + 3, 9));
        other.merge(&unknown);
        assert_eq!((other.total(), other.by_name().count()), (2 * count + 6, MOST));
    }
}
