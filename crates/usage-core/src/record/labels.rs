//! The five names of a record, made once and shared.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{Field, RecordError};

/// The longest name, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 256;

/// The profile that an empty one is reported as.
pub const DEFAULT_PROFILE: &str = "default";

/// The five names as borrowed text, by field, so that none can be taken for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelNames<'a> {
    /// Which router instance handled the request. Never empty.
    pub instance_id: &'a str,
    /// The route profile that was active. May be empty, and is then reported as `default`.
    pub profile: &'a str,
    /// The provider that answered. May be empty.
    pub provider: &'a str,
    /// The route that was taken. Never empty.
    pub route: &'a str,
    /// The model that answered. Never empty.
    pub model: &'a str,
}

/// The five names of a record, checked once; a clone shares them and copies no text.
///
/// ```
/// use usage_core::{LabelNames, Labels};
///
/// let labels = Labels::new(LabelNames {
///     instance_id: "router-1",
///     profile: "default",
///     provider: "anthropic",
///     route: "think",
///     model: "claude-sonnet-4-5",
/// })?;
/// assert_eq!(labels.clone().names().model, "claude-sonnet-4-5");
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone)]
pub struct Labels(Arc<Shared>);

/// The names joined by NUL, which no name may hold: the joined text is the identity, so that
/// `a` + `b/c` and `a/b` + `c` stay apart.
struct Shared {
    joined: Box<str>,
    /// Where each of the first four names ends in `joined`.
    ends: [usize; 4],
}

impl Labels {
    /// Checks the names and keeps them.
    ///
    /// # Errors
    /// When a name that must not be empty is, or when one is longer than [`MAX_NAME_BYTES`] or
    /// holds a NUL.
    pub fn new(names: LabelNames<'_>) -> Result<Self, RecordError> {
        names.check()?;
        let mut joined = String::new();
        names.join_into(&mut joined);
        Ok(Self::from_joined(names, joined.into_boxed_str()))
    }

    fn from_joined(names: LabelNames<'_>, joined: Box<str>) -> Self {
        let mut ends = [0; 4];
        let mut at = 0;
        for (end, name) in ends.iter_mut().zip(names.in_order()) {
            at += name.len();
            *end = at;
            at += 1;
        }
        Self(Arc::new(Shared { joined, ends }))
    }

    /// The names, by field.
    #[must_use]
    pub fn names(&self) -> LabelNames<'_> {
        let Shared { joined, ends: [a, b, c, d] } = &*self.0;
        LabelNames {
            instance_id: &joined[..*a],
            profile: &joined[a + 1..*b],
            provider: &joined[b + 1..*c],
            route: &joined[c + 1..*d],
            model: &joined[d + 1..],
        }
    }

    /// Whether both are clones of one value. Cheaper than `==`; `false` does not mean different.
    #[must_use]
    pub fn is_same_allocation(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Where the names lie in memory: the same for all clones of one value, for as long as one of them
    /// is kept.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl<'a> LabelNames<'a> {
    /// The profile as reports show it: `default` in place of an empty one.
    #[must_use]
    pub const fn reported_profile(&self) -> &'a str {
        if self.profile.is_empty() { DEFAULT_PROFILE } else { self.profile }
    }

    const fn in_order(&self) -> [&'a str; 5] {
        [self.instance_id, self.profile, self.provider, self.route, self.model]
    }

    fn check(&self) -> Result<(), RecordError> {
        let fields = [
            (Field::InstanceId, self.instance_id, true),
            (Field::Profile, self.profile, false),
            (Field::Provider, self.provider, false),
            (Field::Route, self.route, true),
            (Field::Model, self.model, true),
        ];
        for (field, name, required) in fields {
            if required && name.is_empty() {
                return Err(RecordError::Empty { field });
            }
            super::check_text(field, name, MAX_NAME_BYTES)?;
        }
        Ok(())
    }

    fn join_into(&self, out: &mut String) {
        for (index, name) in self.in_order().into_iter().enumerate() {
            if index > 0 {
                out.push('\0');
            }
            out.push_str(name);
        }
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.is_same_allocation(other) || self.0.joined == other.0.joined
    }
}

impl Eq for Labels {}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.joined.hash(state);
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LabelNames { instance_id, profile, provider, route, model } = self.names();
        f.debug_struct("Labels")
            .field("instance_id", &instance_id)
            .field("profile", &profile)
            .field("provider", &provider)
            .field("route", &route)
            .field("model", &model)
            .finish()
    }
}

/// Looks interned labels up by their joined text.
impl Borrow<str> for Labels {
    fn borrow(&self) -> &str {
        &self.0.joined
    }
}

/// Gives equal names one shared [`Labels`], for readers that meet the same few names in millions
/// of lines.
///
/// It holds at most `capacity` sets; when it is full it starts afresh, so that hostile input with
/// ever new names costs time but no memory.
#[derive(Debug)]
pub struct LabelInterner {
    known: HashSet<Labels>,
    key: String,
    capacity: usize,
}

impl LabelInterner {
    /// An empty interner that holds at most `capacity` label sets (at least one).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { known: HashSet::new(), key: String::new(), capacity: capacity.max(1) }
    }

    /// The shared labels of these names; allocates only when they are new.
    ///
    /// # Errors
    /// As [`Labels::new`].
    pub fn intern(&mut self, names: LabelNames<'_>) -> Result<Labels, RecordError> {
        // Checked first: a NUL inside a name could make the joined text that of other names.
        names.check()?;
        self.key.clear();
        names.join_into(&mut self.key);
        if let Some(labels) = self.known.get(self.key.as_str()) {
            return Ok(labels.clone());
        }
        if self.known.len() >= self.capacity {
            self.known.clear();
        }
        let labels = Labels::from_joined(names, self.key.as_str().into());
        self.known.insert(labels.clone());
        Ok(labels)
    }
}
