//! Zed's threads: rows of its database, each a text of JSON that may be compressed.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::PathBuf;

use rusqlite::Connection;
use ruzstd::decoding::StreamingDecoder;
use serde::Deserialize;
use usage_core::Timestamp;
use usage_providers::{Counts, Remainder};

use super::keeper::{Page, Sessions};
use super::lenient::{Lax, Scalar, read};
use super::logged::Logged;
use super::places::Places;
use super::tables::{Budget, bytes, cell, columns, require, text};
use crate::sqlite::{Kind, QueryError};

/// The longest thread that is read, in bytes.
const MAX_THREAD: u64 = 64 * 1024 * 1024;

/// So many threads are read at a time: each may be long.
const PAGE: usize = 50;

/// Reads the threads of Zed's own agent.
pub(super) struct Zed;

impl Sessions for Zed {
    const NAME: &'static str = "zed";
    const TITLE: &'static str = "Zed";
    const KIND: Kind = Kind { name: "database of Zed", reading: "read the database of Zed" };
    const FILE: &'static str = "threads.db";
    const TABLE: &'static str = "threads";

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        let folders = places.data_home().map(|data| data.join("zed")).into_iter();
        let folders =
            folders.chain(places.application_data().into_iter().map(|data| data.join("Zed")));
        folders.map(|folder| folder.join("threads")).collect()
    }

    fn page(&self, connection: &Connection, after: i64, since: &str) -> Result<Page, QueryError> {
        let found = require(
            columns(connection, "threads")?,
            "threads",
            &["id", "updated_at", "data_type", "data"],
        )?;
        let (folders, data) = (cell(&found, "t", "folder_paths"), cell(&found, "t", "data"));
        let sql = format!(
            "SELECT t.rowid, t.id, t.updated_at, {folders}, t.data_type, {data} FROM threads AS t \
             WHERE t.rowid > ?1 AND coalesce(CAST(t.updated_at AS TEXT), '') >= ?2 ORDER BY t.rowid LIMIT {PAGE}"
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query((after, since))?;
        let (mut page, mut budget) = (Page::default(), Budget::of(PAGE));
        while let Some(row) = rows.next()? {
            let it = Row {
                id: text(row, 1)?,
                updated: text(row, 2)?,
                folders: text(row, 3)?,
                data_type: text(row, 4)?,
                data: bytes(row, 5)?,
            };
            page.add(row.get(0)?, it.id.clone(), thread(&it));
            if budget.take(it.data.len()) {
                return Ok(page.with_last(false));
            }
        }
        Ok(page.with_last(true))
    }
}

/// A row of `threads`.
#[derive(Clone, Debug, Default)]
struct Row {
    id: String,
    updated: String,
    /// The folders of the project, a line each.
    folders: String,
    data_type: String,
    data: Vec<u8>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Thread<'a> {
    #[serde(borrow)]
    model: Lax<Model<'a>>,
    imported: Scalar<'a>,
    #[serde(borrow)]
    request_token_usage: Lax<BTreeMap<String, Lax<Usage<'a>>>>,
    #[serde(borrow)]
    cumulative_token_usage: Lax<Usage<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Model<'a> {
    #[serde(borrow)]
    provider: Scalar<'a>,
    #[serde(borrow)]
    model: Scalar<'a>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Usage<'a> {
    #[serde(borrow, rename = "input_tokens")]
    input: Scalar<'a>,
    #[serde(borrow, rename = "output_tokens")]
    output: Scalar<'a>,
    #[serde(borrow, rename = "cache_read_input_tokens")]
    cache_read: Scalar<'a>,
    #[serde(borrow, rename = "cache_creation_input_tokens")]
    cache_write: Scalar<'a>,
}

impl Usage<'_> {
    fn counts(&self, rule: &mut Remainder) -> Counts {
        Counts {
            input: self.input.count(rule),
            output: self.output.count(rule),
            cache_read: self.cache_read.count(rule),
            cache_write: self.cache_write.count(rule),
            ..Counts::default()
        }
    }
}

/// Reads a row: what the thread has come to, if it has used anything.
///
/// A thread keeps the last request of each turn, and a sum of all, which older versions left at nothing. The
/// greater one is nearer to what was used.
fn thread(row: &Row) -> Result<Option<Logged<'static>>, String> {
    let unpacked = match row.data_type.as_str() {
        "json" => None,
        "zstd" => Some(unpacked(&row.data)?),
        other => return Err(format!("its thread is kept as {other:?}")),
    };
    let text = unpacked.as_deref().unwrap_or(&row.data);
    let thread: Thread<'_> = read(text).map_err(|error| error.to_string())?;
    // What was imported from elsewhere was paid for elsewhere.
    if thread.imported == Scalar::Bool(true) {
        return Ok(None);
    }
    let mut rule = Remainder::default();
    let mut turns = Counts::default();
    for usage in thread.request_token_usage.get().into_iter().flat_map(BTreeMap::values) {
        if let Some(usage) = usage.get() {
            turns.add(&usage.counts(&mut rule));
        }
    }
    let sum = thread
        .cumulative_token_usage
        .get()
        .map(|usage| usage.counts(&mut rule))
        .unwrap_or_default();
    let model = thread.model.get();
    let text =
        |value: Option<&Scalar<'_>>| value.and_then(Scalar::text).unwrap_or_default().into_owned();
    let folder = row.folders.lines().next().unwrap_or_default().to_owned();
    let logged = Logged {
        session: row.id.clone().into(),
        folder: folder.into(),
        provider: text(model.map(|model| &model.provider)).into(),
        model: text(model.map(|model| &model.model)).into(),
        counts: if sum.total() >= turns.total() { sum } else { turns },
        is_inconsistent: rule.is_inconsistent(),
        time: time_of(&row.updated),
        ..Logged::default()
    };
    Ok(logged.has_tokens().then_some(logged))
}

/// Unpacks a thread, no more of it than is read.
fn unpacked(data: &[u8]) -> Result<Vec<u8>, String> {
    let decoder = StreamingDecoder::new(data).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    decoder.take(MAX_THREAD + 1).read_to_end(&mut text).map_err(|error| error.to_string())?;
    match text.len() as u64 > MAX_THREAD {
        true => Err(format!("its thread has more than {MAX_THREAD} bytes")),
        false => Ok(text),
    }
}

fn time_of(text: &str) -> Option<Timestamp> {
    Scalar::Text(text.into()).instant()
}
