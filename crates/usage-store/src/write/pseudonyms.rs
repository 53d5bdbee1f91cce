//! Pseudonyms at the door: a hash with a key of the ledger's in the place of a name, whoever brings it.

use std::borrow::Cow;
use std::fmt::Write as _;

use rusqlite::{Connection, OptionalExtension as _};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use siphasher::sip128::{Hasher128 as _, SipHasher13};
use usage_core::{Context, Label, LabelNames, Labels, Record, TagKey};

use crate::forget::NameKind;

pub(super) const SETTING: &str = "pseudonyms";

/// What a pseudonym begins with. A name that looks like one is taken for one and stays, so that what was exported comes
/// back as it was.
const PREFIX: &str = "p-";
/// As many digits as of 96 bits: a billion names have one of their own each.
const DIGITS: usize = 24;

/// As the ledger has it: nothing where every name is stored as it is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Kept {
    /// Random bytes, as hexadecimal digits.
    key: String,
    /// `user`, `project`, `tag:customer` and so on.
    of: Vec<String>,
}

/// The kinds of names that have pseudonyms, and the key.
pub(crate) struct Pseudonyms {
    key: [u8; 16],
    of: Vec<NameKind>,
    labels: FxHashMap<usize, Labels>,
    contexts: FxHashMap<usize, Context>,
}

impl Pseudonyms {
    /// Reads them from the setting; none where there are none.
    pub(super) fn read(setting: &str) -> Option<Self> {
        let kept: Kept = serde_json::from_str(setting).unwrap_or_default();
        let of: Vec<_> = kept.of.iter().filter_map(|name| kind_named(name)).collect();
        if of.is_empty() {
            return None;
        }
        let key = u128::from_str_radix(&kept.key, 16).unwrap_or_default().to_be_bytes();
        let (labels, contexts) = (FxHashMap::default(), FxHashMap::default());
        Some(Self { key, of, labels, contexts })
    }

    /// Returns records with pseudonyms in the place of names.
    pub(crate) fn of(&mut self, batch: &[Record]) -> Vec<Record> {
        batch.iter().map(|record| self.record(record)).collect()
    }

    /// Names and contexts are shared by many records, and changed once for all of them.
    fn record(&mut self, record: &Record) -> Record {
        let (labels, context) = (record.labels(), record.context());
        let Self { key, of, labels: known, contexts } = self;
        let labels = known.entry(labels.address()).or_insert_with(|| {
            let other = of.iter().fold(Names::of(labels), |names, kind| names.hidden(*kind, key));
            // A pseudonym is shorter than any name may be.
            other.labels().unwrap_or_else(|| labels.clone())
        });
        let mut record = record.clone().with_labels(labels.clone());
        if !context.is_none() {
            let context = contexts.entry(context.address()).or_insert_with(|| {
                hidden_context(context, of, key).unwrap_or_else(|| context.clone())
            });
            record = record.with_context(context.clone());
        }
        record
    }
}

/// The names of a label set.
struct Names<'a>([Cow<'a, str>; Label::COUNT]);

impl<'a> Names<'a> {
    fn of(labels: &'a Labels) -> Self {
        Self(Label::ALL.map(|label| Cow::Borrowed(labels.name(label))))
    }

    fn hidden(mut self, kind: NameKind, key: &[u8; 16]) -> Self {
        if let NameKind::Label(label) = kind {
            let name = &mut self.0[label as usize];
            *name = Cow::Owned(pseudonym(key, kind, name));
        }
        self
    }

    fn labels(&self) -> Option<Labels> {
        let names = Label::ALL
            .into_iter()
            .zip(&self.0)
            .fold(LabelNames::new(), |names, (label, name)| names.with(label, name));
        Labels::new(names).ok()
    }
}

fn hidden_context(context: &Context, of: &[NameKind], key: &[u8; 16]) -> Option<Context> {
    let session = if of.contains(&NameKind::Session) {
        pseudonym(key, NameKind::Session, context.session_id())
    } else {
        context.session_id().to_owned()
    };
    let tags: Vec<(&str, String)> = context
        .tags()
        .map(|(tag, value)| {
            let kind = TagKey::new(tag).ok().map(NameKind::Tag).filter(|kind| of.contains(kind));
            (tag, kind.map_or_else(|| value.to_owned(), |kind| pseudonym(key, kind, value)))
        })
        .collect();
    Context::new(&session, tags.iter().map(|(tag, value)| (*tag, value.as_str()))).ok()
}

/// Returns what stands for a name; for none, none, and for a pseudonym itself.
fn pseudonym(key: &[u8; 16], kind: NameKind, name: &str) -> String {
    if name.is_empty() || is_pseudonym(name) || name.starts_with('(') {
        return name.to_owned();
    }
    let mut hasher = SipHasher13::new_with_key(key);
    // The same text says something else as another kind of name.
    let text = format!("{}\0{name}", name_of(kind));
    std::hash::Hasher::write(&mut hasher, text.as_bytes());
    let hash = hasher.finish128().as_u128();
    let mut text = PREFIX.to_owned();
    // Writing to a string cannot fail.
    let _ = write!(text, "{hash:032x}");
    text.truncate(PREFIX.len() + DIGITS);
    text
}

fn is_pseudonym(name: &str) -> bool {
    name.strip_prefix(PREFIX).is_some_and(|rest| {
        rest.len() == DIGITS && rest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// Returns the kinds of names that have pseudonyms.
pub(crate) fn kinds(connection: &Connection) -> rusqlite::Result<Vec<NameKind>> {
    Ok(kept(connection)?.of.iter().filter_map(|name| kind_named(name)).collect())
}

/// Says which kinds of names have pseudonyms from now on. The key stays, so that a name keeps its pseudonym.
pub(crate) fn set(connection: &Connection, of: &[NameKind]) -> rusqlite::Result<()> {
    let mut kept = kept(connection)?;
    if kept.key.is_empty() {
        kept.key =
            connection.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))?;
    }
    kept.of = of.iter().map(|kind| name_of(*kind)).collect();
    // Texts always serialise.
    let value = serde_json::to_string(&kept).unwrap_or_default();
    connection
        .execute("INSERT OR REPLACE INTO settings (name, value) VALUES (?1, ?2)", [SETTING, &value])
        .map(drop)
}

fn kept(connection: &Connection) -> rusqlite::Result<Kept> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM settings WHERE name = ?1")?
        .query_row([SETTING], |row| row.get(0))
        .optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

fn name_of(kind: NameKind) -> String {
    match kind {
        NameKind::Label(label) => label.name().to_owned(),
        NameKind::Session => "session".to_owned(),
        NameKind::Tag(key) => key.name().to_owned(),
    }
}

fn kind_named(name: &str) -> Option<NameKind> {
    let label = Label::ALL.into_iter().find(|label| label.name() == name).map(NameKind::Label);
    let session = || (name == "session").then_some(NameKind::Session);
    label.or_else(session).or_else(|| TagKey::named(name)?.ok().map(NameKind::Tag))
}
