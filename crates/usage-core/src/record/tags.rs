//! Tags: what a user wants requests told apart by, besides their names.

use std::fmt;

use serde::ser::{Serialize, Serializer};

use super::line_error::LineError;
use super::raw::{RawTags, VALUE_CHARS, shortened};
use super::{Field, RecordError, check_text};

/// The most tags that a record may have.
pub const MAX_TAGS: usize = 8;

/// The longest key of a tag, in bytes of UTF-8.
pub const MAX_TAG_KEY_BYTES: usize = 32;

/// The longest value of a tag, in bytes of UTF-8.
pub const MAX_TAG_VALUE_BYTES: usize = 64;

/// Tags as borrowed text, in the order of their keys, each key once and no value empty. They come of a [`TagSet`].
///
/// As JSON they are an object of texts.
///
/// ```
/// use usage_core::TagSet;
///
/// let set = TagSet::new([("team", "search"), ("env", "prod")])?;
/// let tags = set.tags();
/// assert_eq!(tags.get("team"), Some("search"));
/// assert_eq!(tags.iter().collect::<Vec<_>>(), [("env", "prod"), ("team", "search")]);
/// # Ok::<(), usage_core::RecordError>(())
/// ```
// Keys and values, each behind a NUL but for the first: neither holds one.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tags<'a>(&'a str);

impl<'a> Tags<'a> {
    /// No tags.
    pub const NONE: Self = Self("");

    /// Takes apart the text that [`joined`](Self::joined) has given.
    pub(super) const fn of_joined(joined: &'a str) -> Self {
        Self(joined)
    }

    /// All in one text, which is the same for the same tags.
    pub(super) const fn joined(self) -> &'a str {
        self.0
    }

    /// Returns whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Returns the keys and their values, in the order of the keys.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        let mut texts = self.0.split('\0').filter(move |_| !self.0.is_empty());
        std::iter::from_fn({
            move || {
                let key = texts.next()?;
                Some((key, texts.next()?))
            }
        })
    }

    /// Returns the value of a tag.
    #[must_use]
    pub fn get(self, key: &str) -> Option<&'a str> {
        self.iter().find(|(known, _)| *known == key).map(|(_, value)| value)
    }

    /// Returns those of these keys.
    #[must_use]
    pub fn only(self, keys: &[TagKey]) -> TagSet {
        let is_kept = |key: &str| keys.iter().any(|kept| kept.as_str() == key);
        TagSet::joining(self.iter().filter(|(key, _)| is_kept(key)))
    }

    /// Returns them as one JSON object on one line: the same text for the same tags; empty where there are none.
    #[must_use]
    pub fn to_json(self) -> String {
        // Texts always serialise.
        if self.is_empty() {
            String::new()
        } else {
            serde_json::to_string(&self).unwrap_or_default()
        }
    }
}

impl fmt::Debug for Tags<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Tags, checked once.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagSet(Box<str>);

impl TagSet {
    /// Checks tags, in any order; one with an empty value says nothing and is left out.
    ///
    /// # Errors
    /// When a text is too long or holds a NUL, a key is empty or there twice, or there are more than [`MAX_TAGS`].
    pub fn new<'a>(
        tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, RecordError> {
        let mut all: Vec<(&str, &str)> = Vec::new();
        for (key, value) in tags {
            check_key(key)?;
            check(false, value, MAX_TAG_VALUE_BYTES)?;
            if value.is_empty() {
                continue;
            }
            if all.len() == MAX_TAGS {
                return Err(RecordError::TooManyTags);
            }
            all.push((key, value));
        }
        all.sort_unstable();
        if let Some([(key, _), _]) = all.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(RecordError::TagTwice { key: (*key).to_owned() });
        }
        Ok(Self::joining(all))
    }

    /// Reads what [`Tags::to_json`] writes.
    ///
    /// # Errors
    /// When the text is no JSON object of texts, and as [`new`](Self::new).
    pub fn from_json(json: &str) -> Result<Self, LineError> {
        if json.is_empty() {
            return Ok(Self::default());
        }
        let tags: RawTags<'_> = serde_json::from_str(json).map_err(|_| {
            let found = shortened(json, VALUE_CHARS).into_owned();
            LineError::NotTags { found }
        })?;
        Ok(Self::new(tags.0.iter().map(|(key, value)| (&**key, &**value)))?)
    }

    /// Tags that are checked and in their order.
    fn joining<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut joined = String::new();
        for text in tags.into_iter().flat_map(|(key, value)| [key, value]) {
            if !joined.is_empty() {
                joined.push('\0');
            }
            joined.push_str(text);
        }
        Self(joined.into())
    }

    /// The tags.
    #[must_use]
    pub const fn tags(&self) -> Tags<'_> {
        Tags(&self.0)
    }
}

impl fmt::Debug for TagSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.tags().fmt(f)
    }
}

fn check_key(key: &str) -> Result<(), RecordError> {
    if key.is_empty() {
        return Err(RecordError::EmptyTagKey);
    }
    check(true, key, MAX_TAG_KEY_BYTES)
}

fn check(is_key: bool, text: &str, max: usize) -> Result<(), RecordError> {
    if text.len() > max {
        return Err(RecordError::TagTooLong { is_key, bytes: text.len(), max });
    }
    check_text(Field::Tags, text, max)
}

/// The text that the name of a tag begins with where it stands among other names.
const PREFIX: &str = "tag:";

/// The key of a tag, by which records are grouped and chosen. Small and `Copy`.
///
/// ```
/// use usage_core::TagKey;
///
/// let key = TagKey::new("team")?;
/// assert_eq!((key.as_str(), key.name()), ("team", "tag:team"));
/// assert!(TagKey::new("").is_err());
/// # Ok::<(), usage_core::RecordError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagKey {
    /// [`PREFIX`] and the key, and zeros, which no key holds.
    name: [u8; PREFIX.len() + MAX_TAG_KEY_BYTES],
    length: u8,
}

impl TagKey {
    /// Checks a key and keeps it.
    ///
    /// # Errors
    /// When it is empty, longer than [`MAX_TAG_KEY_BYTES`], or holds a NUL.
    pub fn new(key: &str) -> Result<Self, RecordError> {
        check_key(key)?;
        let (mut name, mut length) = ([0; PREFIX.len() + MAX_TAG_KEY_BYTES], 0);
        for (to, from) in name.iter_mut().zip(PREFIX.bytes().chain(key.bytes())) {
            *to = from;
            length += 1;
        }
        Ok(Self { name, length })
    }

    /// Reads a [`name`](Self::name); `None` where it does not begin as one does.
    #[must_use]
    pub fn named(name: &str) -> Option<Result<Self, RecordError>> {
        name.strip_prefix(PREFIX).map(Self::new)
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.name().strip_prefix(PREFIX).unwrap_or_default()
    }

    /// The key as it is named beside other names: `tag:team`.
    #[must_use]
    pub fn name(&self) -> &str {
        // It was made of a text of that length.
        let name = self.name.get(..usize::from(self.length));
        name.and_then(|name| std::str::from_utf8(name).ok()).unwrap_or_default()
    }
}

/// The key as it is named beside other names.
impl fmt::Display for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.name(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_tags_says_nothing() {
        let one = TagSet::new([("b", "2"), ("a", "1")]).unwrap();
        assert_eq!(one, TagSet::new([("a", "1"), ("b", "2"), ("c", "")]).unwrap());
        assert_eq!(one.tags().iter().collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        assert_eq!((one.tags().get("b"), one.tags().get("c")), (Some("2"), None));
        assert_ne!(one, TagSet::new([("a", "1")]).unwrap());
        assert_ne!(one, TagSet::new([("a", "1"), ("b2", "")]).unwrap());
        assert!(TagSet::default().tags().iter().next().is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong =
            |tags: &[(&str, &str)]| TagSet::new(tags.iter().copied()).unwrap_err().to_string();
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

    #[test]
    fn json_comes_back_and_is_one_text_for_the_same_tags() {
        for tags in [&[][..], &[("a", "1")], &[("é\"", "\\ 模"), ("a", "{}")]] {
            let set = TagSet::new(tags.iter().copied()).unwrap();
            assert_eq!(TagSet::from_json(&set.tags().to_json()), Ok(set));
        }
        let set = TagSet::new([("b", "2"), ("a", "1")]).unwrap();
        assert_eq!(set.tags().to_json(), r#"{"a":"1","b":"2"}"#);
        assert_eq!(TagSet::from_json(r#" {"b":"2", "c":"", "a":"1"}"#), Ok(set));
        assert_eq!(TagSet::default().tags().to_json(), "");
        for wrong in ["[]", "{", r#"{"a":1}"#, r#"{"":"1"}"#, "null"] {
            assert!(TagSet::from_json(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn those_of_some_keys() {
        let key = |key| TagKey::new(key).unwrap();
        let set = TagSet::new([("a", "1"), ("b", "2"), ("c", "3")]).unwrap();
        let expected = TagSet::new([("a", "1"), ("c", "3")]).unwrap();
        assert_eq!(set.tags().only(&[key("c"), key("x"), key("a")]), expected);
        assert_eq!(set.tags().only(&[]), TagSet::default());
    }

    #[test]
    fn keys_are_told_apart_by_their_text() {
        let longest = "é".repeat(MAX_TAG_KEY_BYTES / 2);
        let keys = ["a", "aa", "b", longest.as_str()].map(|key| TagKey::new(key).unwrap());
        assert!(keys.is_sorted());
        assert_eq!(keys.map(|key| key.as_str().to_owned()), ["a", "aa", "b", &longest]);
        assert_eq!(TagKey::named("tag:a"), Some(Ok(keys[0])));
        assert_eq!(TagKey::named("a"), None);
        assert_eq!(TagKey::named("tag:"), Some(Err(RecordError::EmptyTagKey)));
        assert!(TagKey::new(&format!("{longest}x")).is_err() && TagKey::new("a\0").is_err());
    }
}
