//! The names of a record, made once and shared.

use std::borrow::{Borrow, Cow};
use std::collections::HashSet;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::{Field, Label, RecordError, Tags, Tier};

/// The longest name, in bytes of UTF-8.
pub const MAX_NAME_BYTES: usize = 256;

/// The names of a record as borrowed text, by [`Label`], so that none can be taken for another. Those that are
/// not stated are empty.
///
/// ```
/// use usage_core::{Label, LabelNames};
///
/// let names = LabelNames::new().with_instance("router-1").with_model("claude-sonnet-4-5");
/// assert_eq!(names.get(Label::Model), "claude-sonnet-4-5");
/// assert_eq!(names.get(Label::Profile), "");
/// assert_eq!(names.reported(Label::Profile), "default");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelNames<'a> {
    names: [&'a str; Label::COUNT],
    tags: Tags<'a>,
}

impl<'a> LabelNames<'a> {
    /// No names.
    #[must_use]
    pub const fn new() -> Self {
        Self::from_all([""; Label::COUNT])
    }

    /// These names, in the order of [`Label::ALL`], whose number grows: for this project's crates.
    #[doc(hidden)]
    #[must_use]
    pub const fn from_all(names: [&'a str; Label::COUNT]) -> Self {
        Self { names, tags: Tags::NONE }
    }

    /// With these tags beside the names. The labels of a record have none: they are in its
    /// [context](super::Context). Those of a group of records have what the group has in common.
    #[must_use]
    pub const fn with_tags(mut self, tags: Tags<'a>) -> Self {
        self.tags = tags;
        self
    }

    /// The tags beside the names.
    #[must_use]
    pub const fn tags(&self) -> Tags<'a> {
        self.tags
    }

    /// With this name.
    #[must_use]
    pub const fn with(mut self, label: Label, name: &'a str) -> Self {
        self.names[label as usize] = name;
        self
    }

    /// With the router instance that handled the request. Never empty in a record.
    #[must_use]
    pub const fn with_instance(self, name: &'a str) -> Self {
        self.with(Label::Instance, name)
    }

    /// With the route profile that was active.
    #[must_use]
    pub const fn with_profile(self, name: &'a str) -> Self {
        self.with(Label::Profile, name)
    }

    /// With the provider that answered.
    #[must_use]
    pub const fn with_provider(self, name: &'a str) -> Self {
        self.with(Label::Provider, name)
    }

    /// With the route that was taken. Never empty in a record.
    #[must_use]
    pub const fn with_route(self, name: &'a str) -> Self {
        self.with(Label::Route, name)
    }

    /// With the model that answered. Never empty in a record.
    #[must_use]
    pub const fn with_model(self, name: &'a str) -> Self {
        self.with(Label::Model, name)
    }

    /// With the service tier that was billed.
    #[must_use]
    pub const fn with_tier(self, name: &'a str) -> Self {
        self.with(Label::Tier, name)
    }

    /// With the project that the request was for.
    #[must_use]
    pub const fn with_project(self, name: &'a str) -> Self {
        self.with(Label::Project, name)
    }

    /// With who made the request.
    #[must_use]
    pub const fn with_user(self, name: &'a str) -> Self {
        self.with(Label::User, name)
    }

    /// One of the names.
    #[must_use]
    pub const fn get(&self, label: Label) -> &'a str {
        self.names[label as usize]
    }

    /// All of the names, in the order of [`Label::ALL`].
    #[must_use]
    pub const fn all(&self) -> &[&'a str; Label::COUNT] {
        &self.names
    }

    /// One of the names as reports show it: `default` in place of an empty profile.
    #[must_use]
    pub const fn reported(&self, label: Label) -> &'a str {
        label.reported(self.get(label))
    }

    /// The tier as records have it.
    fn tier(&self) -> Cow<'a, str> {
        match self.get(Label::Tier) {
            // Most have none.
            "" => Cow::Borrowed(""),
            word => Tier::named_by(word),
        }
    }

    fn check(&self) -> Result<(), RecordError> {
        for (label, name) in Label::ALL.into_iter().zip(self.names) {
            let field = Field::Label(label);
            if label.is_required() && name.is_empty() {
                return Err(RecordError::Empty { field });
            }
            super::check_text(field, name, MAX_NAME_BYTES)?;
        }
        Ok(())
    }

    fn join_into(&self, out: &mut String) {
        for (index, name) in self.names.into_iter().enumerate() {
            if index > 0 {
                out.push('\0');
            }
            out.push_str(name);
        }
        if !self.tags.is_empty() {
            out.push('\0');
            out.push_str(self.tags.joined());
        }
    }
}

/// The names of a record, checked once; a clone shares them and copies no text.
///
/// ```
/// use usage_core::{LabelNames, Labels};
///
/// let names = LabelNames::new().with_instance("router-1").with_route("think").with_model("sonnet");
/// let labels = Labels::new(names)?;
/// assert_eq!(labels.clone().names(), names);
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone)]
pub struct Labels(Arc<Shared>);

/// The names, and tags if there are any, joined by NUL, which none of them may hold: the joined text is the
/// identity, so that `a` + `b/c` and `a/b` + `c` stay apart.
struct Shared {
    joined: Box<str>,
    /// The place where each name ends in `joined`.
    ends: [usize; Label::COUNT],
}

impl Labels {
    /// Checks the names and keeps them, a provider's word for a tier as [the tier's name](Tier::named_by).
    ///
    /// # Errors
    /// When a name that must not be empty is, or when one is longer than [`MAX_NAME_BYTES`] or
    /// holds a NUL.
    pub fn new(names: LabelNames<'_>) -> Result<Self, RecordError> {
        names.check()?;
        let tier = names.tier();
        let names = names.with_tier(&tier);
        Ok(Self::joining(names))
    }

    fn joining(names: LabelNames<'_>) -> Self {
        let lengths = names.names.iter().map(|name| name.len() + 1);
        let length = lengths.sum::<usize>() - 1;
        let tags = names.tags.joined().len();
        let mut joined = String::with_capacity(length + tags + usize::from(tags > 0));
        names.join_into(&mut joined);
        Self::from_joined(names, joined.into_boxed_str())
    }

    fn from_joined(names: LabelNames<'_>, joined: Box<str>) -> Self {
        let mut ends = [0; Label::COUNT];
        let mut at = 0;
        for (end, name) in ends.iter_mut().zip(names.all()) {
            at += name.len();
            *end = at;
            at += 1;
        }
        Self(Arc::new(Shared { joined, ends }))
    }

    /// One of the names. Costs less than taking it out of [all of them](Self::names).
    #[must_use]
    pub fn name(&self, label: Label) -> &str {
        let Shared { joined, ends } = &*self.0;
        let place = label as usize;
        let from = place.checked_sub(1).map_or(0, |before| ends[before] + 1);
        &joined[from..ends[place]]
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> LabelNames<'_> {
        let Shared { joined, ends } = &*self.0;
        let mut from = 0;
        let names = ends.map(|end| {
            let name = &joined[from..end];
            from = end + 1;
            name
        });
        LabelNames { names, tags: self.tags() }
    }

    /// The tags beside the names.
    #[must_use]
    pub fn tags(&self) -> Tags<'_> {
        let Shared { joined, ends } = &*self.0;
        let from = ends.last().map_or(0, |end| end + 1);
        Tags::of_joined(joined.get(from..).unwrap_or_default())
    }

    /// The same names with these tags beside them in place of any others: those of a group of records.
    #[must_use]
    pub fn with_tags(&self, tags: Tags<'_>) -> Self {
        if self.tags() == tags {
            return self.clone();
        }
        Self::joining(self.names().with_tags(tags))
    }

    /// Returns whether both are clones of one value. Cheaper than `==`; `false` does not mean different.
    #[must_use]
    pub fn is_same_allocation(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns where the names lie in memory: the same for all clones of one value, for as long as one of them
    /// is kept.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
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
        let mut all = f.debug_struct("Labels");
        for (label, name) in Label::ALL.into_iter().zip(self.names().all()) {
            all.field(label.field(), name);
        }
        if !self.names().tags.is_empty() {
            all.field("tags", &self.names().tags);
        }
        all.finish()
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
        let tier = names.tier();
        let names = names.with_tier(&tier);
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
