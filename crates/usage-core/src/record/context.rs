//! What a request belongs to, besides its names: a session and tags. Made once and shared.

use std::fmt;
use std::sync::Arc;

use super::{Field, MAX_NAME_BYTES, RecordError, check_text};

/// The most tags that a record may have.
pub const MAX_TAGS: usize = 8;

/// The longest key of a tag, in bytes of UTF-8.
pub const MAX_TAG_KEY_BYTES: usize = 32;

/// The longest value of a tag, in bytes of UTF-8.
pub const MAX_TAG_VALUE_BYTES: usize = 64;

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
    /// In the order of their keys, each once.
    tags: Box<[(Box<str>, Box<str>)]>,
}

impl Context {
    /// No session and no tags.
    pub const NONE: Self = Self(None);

    /// Checks a session's id, which may be empty for none, and tags; one with an empty value says nothing and is
    /// left out.
    ///
    /// # Errors
    /// When a text is too long or holds a NUL, a key is empty or there twice, or there are more than
    /// [`MAX_TAGS`] tags.
    pub fn new<'a>(
        session_id: &str,
        tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RecordError> {
        check_text(Field::SessionId, session_id, MAX_NAME_BYTES)?;
        let mut all: Vec<(Box<str>, Box<str>)> = Vec::new();
        for (key, value) in tags {
            if key.is_empty() {
                return Err(RecordError::EmptyTagKey);
            }
            for (is_key, text) in [(true, key), (false, value)] {
                let max = if is_key { MAX_TAG_KEY_BYTES } else { MAX_TAG_VALUE_BYTES };
                if text.len() > max {
                    return Err(RecordError::TagTooLong { is_key, bytes: text.len(), max });
                }
                check_text(Field::Tags, text, max)?;
            }
            if value.is_empty() {
                continue;
            }
            if all.len() == MAX_TAGS {
                return Err(RecordError::TooManyTags);
            }
            all.push((Box::from(key), Box::from(value)));
        }
        all.sort_unstable();
        if let Some([(key, _), _]) = all.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(RecordError::TagTwice { key: key.to_string() });
        }
        if session_id.is_empty() && all.is_empty() {
            return Ok(Self::NONE);
        }
        Ok(Self(Some(Arc::new(Shared { session_id: session_id.into(), tags: all.into() }))))
    }

    /// The id of the session, unique for an instance; empty where there is none.
    #[must_use]
    pub fn session_id(&self) -> &str {
        self.0.as_ref().map_or("", |shared| &shared.session_id)
    }

    /// The tags, in the order of their keys.
    pub fn tags(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let tags = self.0.as_ref().map_or(&[][..], |shared| &shared.tags);
        tags.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The value of a tag.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        self.tags().find(|(known, _)| *known == key).map(|(_, value)| value)
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
    fn the_order_of_tags_says_nothing() {
        let one = Context::new("s", [("b", "2"), ("a", "1")]).unwrap();
        assert_eq!(one, Context::new("s", [("a", "1"), ("b", "2")]).unwrap());
        assert_eq!(one.tags().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        assert_eq!((one.tag("b"), one.tag("c")), (Some("2"), None));
        assert_ne!(one, Context::new("s", [("a", "1")]).unwrap());
        assert!(Context::new("", []).unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |tags: &[(&str, &str)]| {
            Context::new("s", tags.iter().copied()).unwrap_err().to_string()
        };
        insta::assert_snapshot!(
            [
                wrong(&[("a", "1"), ("a", "2")]),
                wrong(&[("", "1")]),
                wrong(&[("a", "1\0")]),
                wrong(&[("a", &"x".repeat(65))]),
                wrong(&[(&"x".repeat(33), "1")]),
                wrong(&["1", "2", "3", "4", "5", "6", "7", "8", "9"].map(|key| (key, "v"))),
            ]
            .join("\n"),
            @r#"
        tags has "a" twice
        tags has an empty key
        tags holds a NUL character
        tags has a value of 65 bytes, at most 64 are accepted
        tags has a key of 33 bytes, at most 32 are accepted
        tags has more than the 8 that are accepted
        "#
        );
    }
}
