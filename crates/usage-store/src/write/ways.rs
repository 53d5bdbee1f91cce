//! Sessions of which two ways tell that share no id: the way that told of one first has it. What the other one tells
//! is kept beside the cursors of sources, by the hashes of its ids, to be held against what the ledger has.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;
use usage_core::record::Way;
use usage_core::{Label, Record};

use crate::ledger::more::More;
use crate::write::sources;

/// The beginning of the names under which they are kept; the id of the session follows.
pub(crate) const KEPT: &str = "reconciled:";

/// A session: its instance, and its name.
type Session = (String, String);

/// The ways that told of sessions first, as far as this transaction has asked.
#[derive(Debug, Default)]
pub(super) struct Ways {
    first: FxHashMap<Session, Way>,
    told: BTreeMap<Session, Second>,
}

/// The requests of a session that the way told which has it not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Second {
    pub(crate) way: Way,
    /// The tokens of each, by the hash of its id.
    pub(crate) tokens: BTreeMap<i64, u64>,
}

impl Ways {
    /// Returns whether another way has told of the record's session first.
    pub(super) fn is_second(
        &mut self,
        connection: &Connection,
        record: &Record,
    ) -> rusqlite::Result<bool> {
        let Some(way) = Way::of(record) else { return Ok(false) };
        let session = session_of(record);
        let first = match self.first.get(&session) {
            Some(first) => *first,
            None => {
                let first = first_of(connection, &session)?.unwrap_or(way);
                *self.first.entry(session).or_insert(first)
            }
        };
        Ok(first != way)
    }

    /// Keeps what a record tells of a session that is not its way's.
    pub(super) fn tell(&mut self, hash: i64, record: &Record) {
        let Some(way) = Way::of(record) else { return };
        let second = self.told.entry(session_of(record)).or_insert_with(|| Second::new(way));
        second.tell(hash, record.tokens().total());
    }

    /// Writes down what was told.
    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        for (session, told) in self.told {
            let Some((id, _)) = find(connection, &session)? else { continue };
            let name = format!("{KEPT}{id}");
            let before = sources::cursor(connection, &name)?;
            let before = before.and_then(|bytes| Second::from_bytes(&bytes));
            let mut second = before.clone().unwrap_or_else(|| Second::new(told.way));
            told.tokens.iter().for_each(|(hash, tokens)| second.tell(*hash, *tokens));
            if before.as_ref() != Some(&second) {
                sources::advance(connection, &name, &second.to_bytes(), None)?;
            }
        }
        Ok(())
    }
}

impl Second {
    const fn new(way: Way) -> Self {
        Self { way, tokens: BTreeMap::new() }
    }

    /// A request that is told again may have grown.
    fn tell(&mut self, hash: i64, tokens: u64) {
        let known = self.tokens.entry(hash).or_default();
        *known = tokens.max(*known);
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.way == Way::Telemetry)];
        for (hash, tokens) in &self.tokens {
            bytes.extend(hash.to_be_bytes());
            bytes.extend(tokens.to_be_bytes());
        }
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote; `None` where it is none of that.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (way, rest) = bytes.split_first()?;
        let mut second = Self::new(if *way == 0 { Way::Logs } else { Way::Telemetry });
        for entry in rest.chunks(16) {
            let (hash, tokens) = entry.split_first_chunk()?;
            let tokens = u64::from_be_bytes(tokens.try_into().ok()?);
            second.tokens.insert(i64::from_be_bytes(*hash), tokens);
        }
        Some(second)
    }
}

fn session_of(record: &Record) -> Session {
    let instance = record.names().get(Label::Instance);
    (instance.to_owned(), record.context().session_id().to_owned())
}

fn find(
    connection: &Connection,
    (instance, session): &Session,
) -> rusqlite::Result<Option<(i64, Option<i64>)>> {
    connection
        .prepare_cached("SELECT id, last FROM sessions WHERE instance_id = ?1 AND session_id = ?2")?
        .query_row([instance, session], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

/// Returns the way that told of a session that the ledger knows: all of its records have come by it, and the last one says
/// so. Once that is pruned, what is kept of the other way does.
fn first_of(connection: &Connection, session: &Session) -> rusqlite::Result<Option<Way>> {
    let Some((id, Some(last))) = find(connection, session)? else { return Ok(None) };
    let more: Option<Option<Vec<u8>>> = connection
        .prepare_cached("SELECT more FROM records WHERE ts = ?1 AND session = ?2 LIMIT 1")?
        .query_row([last, id], |row| row.get(0))
        .optional()?;
    if let Some(Some(more)) = more {
        // The doctor names a row that cannot be read.
        return Ok(More::decode(&more).ok().and_then(|more| Way::of_revision(more.revision)));
    }
    let kept = sources::cursor(connection, &format!("{KEPT}{id}"))?;
    Ok(kept.and_then(|bytes| Second::from_bytes(&bytes)).map(|second| second.way.other()))
}
