//! The context of a request, besides its names: a session and tags. Made once and shared.

use std::fmt;
use std::sync::Arc;

use super::{Field, MAX_NAME_BYTES, RecordError, TagSet, Tags, check_text};

/// The session that a request belongs to, and its tags; a clone shares them and copies no text.
///
/// ```
/// use usage_core::Context;
///
/// let context = Context::new("4f6e", [("team", "search"), ("env", "prod")])?;
/// assert_eq!(context.session_id(), "4f6e");
/// assert_eq!(context.tag("team"), Some("search"));
/// assert!(context.tags().is_sorted()); // the order they were given in says nothing
/// assert!(Context::new("", [("", "x")]).is_err());
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Context(Option<Arc<Shared>>);

#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Shared {
    session_id: Box<str>,
    tags: TagSet,
}

impl Context {
    /// No session and no tags.
    pub const NONE: Self = Self(None);

    /// Checks a session's id, which may be empty for none, and [tags](TagSet::new).
    ///
    /// # Errors
    /// When the id is longer than [`MAX_NAME_BYTES`] or holds a NUL, and as [`TagSet::new`].
    pub fn new<'a>(
        session_id: &str,
        tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RecordError> {
        Self::of(session_id, TagSet::new(tags)?)
    }

    /// Checks a session's id, which may be empty for none.
    ///
    /// # Errors
    /// When it is longer than [`MAX_NAME_BYTES`] or holds a NUL.
    pub fn of(session_id: &str, tags: TagSet) -> Result<Self, RecordError> {
        check_text(Field::SessionId, session_id, MAX_NAME_BYTES)?;
        if session_id.is_empty() && tags.tags().is_empty() {
            return Ok(Self::NONE);
        }
        Ok(Self(Some(Arc::new(Shared { session_id: session_id.into(), tags }))))
    }

    /// The id of the session, unique for an instance; empty where there is none.
    #[must_use]
    pub fn session_id(&self) -> &str {
        self.0.as_ref().map_or("", |shared| &shared.session_id)
    }

    /// The tags, all together.
    #[must_use]
    pub fn tag_list(&self) -> Tags<'_> {
        self.0.as_ref().map_or(Tags::NONE, |shared| shared.tags.tags())
    }

    /// The tags, in the order of their keys.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.tag_list().iter()
    }

    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tag_list().get(key)
    }

    /// Returns whether there is neither a session nor a tag.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Returns where it lies in memory: the same for all clones of one, for as long as one of them is kept.
    #[must_use]
    pub fn address(&self) -> usize {
        self.0.as_ref().map_or(0, |shared| Arc::as_ptr(shared).addr())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut all = f.debug_struct("Context");
        all.field("session_id", &self.session_id());
        self.tags().fold(&mut all, |all, (key, value)| all.field(key, &value)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_needs_no_memory() {
        assert!(Context::new("", []).unwrap().is_none());
        assert!(Context::new("", [("a", "")]).unwrap().is_none());
        let one = Context::new("s", []).unwrap();
        assert_eq!((one.is_none(), one.session_id(), one.tags().count()), (false, "s", 0));
        assert_eq!((one.address(), one == Context::NONE), (one.clone().address(), false));
    }

    #[test]
    fn a_session_is_checked() {
        let wrong = |id: &str| Context::new(id, []).unwrap_err().to_string();
        assert_eq!(wrong("a\0"), "session_id holds a NUL character");
        let long = "session_id has 257 bytes, at most 256 are accepted";
        assert_eq!(wrong(&"x".repeat(257)), long);
    }
}
