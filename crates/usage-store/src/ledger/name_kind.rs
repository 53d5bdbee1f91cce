//! The kinds of names that somebody may want hidden.

use usage_core::{Label, TagKey};

/// The kinds of names that can be forgotten, or told as pseudonyms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameKind {
    /// A name that records have, such as a user.
    Label(Label),
    /// The id of a session.
    Session,
    /// The value of a tag.
    Tag(TagKey),
}
