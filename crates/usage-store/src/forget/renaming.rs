//! One name that gives way to another, wherever a record has it.

use usage_core::{Context, Label, Labels, Record, RecordError, TagKey, TagSet, Tags};

/// The kinds of names that can be forgotten.
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

/// A name, and another that takes its place.
#[derive(Clone, Debug)]
pub(crate) struct Renaming {
    pub(crate) kind: NameKind,
    pub(crate) from: String,
    pub(crate) into: String,
}

impl Renaming {
    /// Returns the names of a label set with the other name; none where it has not the one.
    pub(crate) fn labels(&self, labels: &Labels) -> Result<Option<Labels>, RecordError> {
        match self.kind {
            NameKind::Label(label) if labels.name(label) == self.from => {
                Labels::new(labels.names().with(label, &self.into)).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Returns tags with the other value; none where they have not the one.
    pub(crate) fn tags(&self, tags: Tags<'_>) -> Result<Option<TagSet>, RecordError> {
        let NameKind::Tag(key) = self.kind else { return Ok(None) };
        if tags.get(key.as_str()) != Some(&self.from) {
            return Ok(None);
        }
        let into = |(of, value)| (of, if of == key.as_str() { self.into.as_str() } else { value });
        TagSet::new(tags.iter().map(into)).map(Some)
    }

    /// Returns the id of a session in another instance, or another id; none where it has neither name.
    pub(crate) fn session<'a>(&'a self, instance: &'a str, id: &'a str) -> Option<[&'a str; 2]> {
        match self.kind {
            NameKind::Label(Label::Instance) if instance == self.from => Some([&self.into, id]),
            NameKind::Session if id == self.from => Some([instance, &self.into]),
            _ => None,
        }
    }

    /// Returns a record with the other name; none where it has not the one.
    pub(crate) fn record(&self, record: &Record) -> Result<Option<Record>, RecordError> {
        let context = record.context();
        if let Some(labels) = self.labels(record.labels())? {
            return Ok(Some(record.clone().with_labels(labels)));
        }
        let (tags, is_session) = (self.tags(context.tag_list())?, self.kind == NameKind::Session);
        let context = match tags {
            Some(tags) => Context::of(context.session_id(), tags)?,
            None if is_session && context.session_id() == self.from => {
                Context::new(&self.into, context.tags())?
            }
            None => return Ok(None),
        };
        Ok(Some(record.clone().with_context(context)))
    }
}
