//! Which ids rows refer to, remembered: a record whose names are known costs one look-up in memory.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use usage_core::pricing::{Billed, Pricing, Question};
use usage_core::{Context, Label, Labels, Record};

use crate::ledger::books::ReadBooks;
use crate::ledger::contexts::{session_of, tag_set_of};
use crate::ledger::labels;
use crate::ledger::quotes::{Priced, Quotes};
use crate::ledger::tag_keys::Declared;

/// The ids of what a row refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowIds {
    pub(crate) label_set: i64,
    pub(crate) session: Option<i64>,
    pub(crate) tag_set: Option<i64>,
}

/// Ids that are known to be in the ledger.
///
/// Only what was committed is in it: an id from a rolled-back transaction may be given to
/// another entry later. It is emptied when the ledger's label generation moves, which is how a
/// deletion of label sets, sessions or tags, keys of tags that were declared, and books of prices that were put in,
/// by any process, are noticed.
#[derive(Debug, Default)]
pub(crate) struct IdCache {
    /// Without it records are stored, and not priced yet.
    pricing: Option<Arc<dyn Pricing>>,
    /// The books as they were when this writer began; `None` until then, and where they cannot be read.
    books: Option<ReadBooks>,
    generation: i64,
    known: Known,
}

#[derive(Debug, Default)]
struct Known {
    label_sets: HashMap<Labels, i64>,
    /// By names and declared tags, as text.
    with_tags: HashMap<(Labels, Box<str>), i64>,
    /// By instance and session, with a NUL between them.
    sessions: HashMap<Box<str>, i64>,
    tag_sets: HashMap<Box<str>, i64>,
    /// The declared keys; `None` until they are asked for.
    tag_keys: Option<Arc<Declared>>,
    quotes: Quotes,
}

/// Beyond this many entries the cache starts afresh: names from hostile requests cost time, not
/// memory without end.
const MAX_CACHED: usize = 65_536;

impl Known {
    fn len(&self) -> usize {
        let texts = self.label_sets.len() + self.with_tags.len() + self.sessions.len();
        texts + self.tag_sets.len() + self.quotes.len()
    }
}

impl IdCache {
    /// A cache of a writer that prices records by the ledger's books, if it has pricing.
    pub(crate) fn with_pricing(pricing: Option<Arc<dyn Pricing>>) -> Self {
        Self { pricing, ..Self::default() }
    }

    /// Reads the ledger's books of prices, once: to be called before the write lock is taken. Whatever is wrong with
    /// them is said when they are asked, and what has changed since is noticed then.
    pub(crate) fn read_books(&mut self, connection: &Connection) {
        if let (Some(pricing), None) = (&self.pricing, &self.books) {
            self.books = ReadBooks::read(connection, &**pricing).ok().flatten();
        }
    }

    /// Starts a transaction's look-ups, under the generation that the ledger has inside it.
    pub(crate) fn begin(&mut self, generation: i64) -> PendingIds<'_> {
        if self.generation != generation || self.known.len() > MAX_CACHED {
            self.known = Known::default();
            self.generation = generation;
        }
        PendingIds { cache: self, added: Known::default(), near: FxHashMap::default() }
    }
}

/// The look-ups of one transaction. What it adds is published by [`commit`](Self::commit) only.
pub(crate) struct PendingIds<'a> {
    cache: &'a mut IdCache,
    added: Known,
    /// By where names and context lie in memory, which is found sooner than their text. Both are kept,
    /// so that no others come to lie there.
    near: FxHashMap<[usize; 2], (Labels, Context, RowIds)>,
}

impl PendingIds<'_> {
    pub(crate) fn of(
        &mut self,
        connection: &Connection,
        record: &Record,
    ) -> rusqlite::Result<RowIds> {
        let (labels, context) = (record.labels(), record.context());
        let place = [labels.address(), context.address()];
        if let Some((.., ids)) = self.near.get(&place) {
            return Ok(*ids);
        }
        let ids = if context.is_none() {
            let label_set = self.label_set(connection, labels)?;
            RowIds { label_set, session: None, tag_set: None }
        } else {
            self.with_context(connection, labels, context)?
        };
        self.near.insert(place, (labels.clone(), context.clone(), ids));
        Ok(ids)
    }

    /// Returns the price of a record; `None` where it is not priced yet, as nobody here knows how.
    pub(crate) fn price(
        &mut self,
        connection: &Connection,
        label_set: i64,
        record: &Record,
    ) -> rusqlite::Result<Option<Priced>> {
        let Some(pricing) = &self.cache.pricing else { return Ok(None) };
        let (known, added) = (&self.cache.known.quotes, &mut self.added.quotes);
        let (billed, at) = (Billed::from(record.counts()), record.timestamp());
        let found = known.known(label_set, at, &billed);
        if let Some(priced) = found.or_else(|| added.known(label_set, at, &billed)) {
            return Ok(Some(priced));
        }
        let question = (&Question::of(record), &billed);
        let books = (connection, &**pricing, self.cache.books.as_ref());
        added.ask(known, books, label_set, question)
    }

    fn label_set(&mut self, connection: &Connection, labels: &Labels) -> rusqlite::Result<i64> {
        let (known, added) = (&self.cache.known.label_sets, &mut self.added.label_sets);
        if let Some(id) = known.get(labels).or_else(|| added.get(labels)) {
            return Ok(*id);
        }
        let id = labels::id_of(connection, labels, "")?;
        added.insert(labels.clone(), id);
        Ok(id)
    }

    fn with_context(
        &mut self,
        connection: &Connection,
        labels: &Labels,
        context: &Context,
    ) -> rusqlite::Result<RowIds> {
        let Self { cache, added, .. } = self;
        let (instance, session_id) = (labels.name(Label::Instance), context.session_id());
        let session = (!session_id.is_empty())
            .then(|| {
                let find = |_: &str| session_of(connection, instance, session_id);
                let key = session_key(instance, session_id);
                remembered(&cache.known.sessions, &mut added.sessions, key, find)
            })
            .transpose()?;
        let tags = context.tag_list().to_json();
        if tags.is_empty() {
            let label_set = self.label_set(connection, labels)?;
            return Ok(RowIds { label_set, session, tag_set: None });
        }
        let find = |tags: &str| tag_set_of(connection, tags);
        let key = tags.into_boxed_str();
        let tag_set = remembered(&cache.known.tag_sets, &mut added.tag_sets, key, find)?;
        let keys = match &cache.known.tag_keys {
            Some(keys) => Arc::clone(keys),
            None => {
                let keys = Arc::new(Declared::read(connection)?);
                Arc::clone(added.tag_keys.insert(keys))
            }
        };
        let declared = keys.of(context.tag_list());
        let label_set = if declared.is_empty() {
            self.label_set(connection, labels)?
        } else {
            let key = (labels.clone(), declared.into_boxed_str());
            let known = cache.known.with_tags.get(&key).or_else(|| added.with_tags.get(&key));
            match known {
                Some(id) => *id,
                None => {
                    let id = labels::id_of(connection, labels, &key.1)?;
                    added.with_tags.insert(key, id);
                    id
                }
            }
        };
        Ok(RowIds { label_set, session, tag_set: Some(tag_set) })
    }

    /// Takes back a look-up whose work was undone, the entries that it may have added included.
    pub(crate) fn forget(&mut self, record: &Record) {
        let (labels, context) = (record.labels(), record.context());
        self.added.label_sets.remove(labels);
        let instance = labels.name(Label::Instance);
        self.added.sessions.remove(&session_key(instance, context.session_id()));
        self.added.tag_sets.remove(context.tag_list().to_json().as_str());
        self.added.with_tags.retain(|(of, _), _| of != labels);
        self.added.quotes = Quotes::default();
        self.near.clear();
    }

    /// Publishes what was added. Call it after the transaction has committed.
    pub(crate) fn commit(self) {
        let (known, added) = (&mut self.cache.known, self.added);
        known.label_sets.extend(added.label_sets);
        known.with_tags.extend(added.with_tags);
        known.sessions.extend(added.sessions);
        known.tag_sets.extend(added.tag_sets);
        known.quotes.extend(added.quotes);
        if added.tag_keys.is_some() {
            known.tag_keys = added.tag_keys;
        }
    }
}

/// No name holds a NUL.
fn session_key(instance: &str, session_id: &str) -> Box<str> {
    format!("{instance}\0{session_id}").into_boxed_str()
}

fn remembered(
    known: &HashMap<Box<str>, i64>,
    added: &mut HashMap<Box<str>, i64>,
    key: Box<str>,
    find: impl FnOnce(&str) -> rusqlite::Result<i64>,
) -> rusqlite::Result<i64> {
    if let Some(id) = known.get(&key).or_else(|| added.get(&key)) {
        return Ok(*id);
    }
    let id = find(&key)?;
    added.insert(key, id);
    Ok(id)
}
