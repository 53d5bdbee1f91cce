//! Goose's sessions: rows of its database, with what each has come to.

use std::path::PathBuf;

use chrono::NaiveDateTime;
use rusqlite::Connection;
use serde::Deserialize;
use usage_core::Timestamp;
use usage_providers::Counts;

use super::keeper::{Page, Sessions};
use super::lenient::{Scalar, read};
use super::logged::Logged;
use super::places::Places;
use super::tables::{Budget, cell, columns, has, number, require, text};
use crate::sqlite::{Kind, QueryError};

/// So many sessions are read at a time.
const PAGE: usize = 2_000;

/// Reads the sessions of Goose.
pub(super) struct Goose;

impl Sessions for Goose {
    const NAME: &'static str = "goose";
    const TITLE: &'static str = "Goose";
    const KIND: Kind = Kind { name: "database of Goose", reading: "read the database of Goose" };
    const FILE: &'static str = "sessions.db";
    const TABLE: &'static str = "sessions";

    fn roots(&self, places: &Places<'_>) -> Vec<PathBuf> {
        if let Some(root) = places.variable("GOOSE_PATH_ROOT") {
            return vec![root.join("data/sessions")];
        }
        let data = places.data_home().into_iter().chain(places.application_data());
        let folders = data.flat_map(|data| [data.join("goose"), data.join("Block/goose")]);
        folders.flat_map(|folder| [folder.join("sessions"), folder.join("data/sessions")]).collect()
    }

    fn page(&self, connection: &Connection, after: i64, since: &str) -> Result<Page, QueryError> {
        let needed = ["id", "updated_at", "model_config_json", "accumulated_total_tokens"];
        let found = require(columns(connection, "sessions")?, "sessions", &needed)?;
        let count = |kind: &str| {
            let names = [format!("accumulated_{kind}_tokens"), format!("{kind}_tokens")];
            let there: Vec<_> = names
                .iter()
                .filter(|name| has(&found, name))
                .map(|name| format!("s.{name}"))
                .collect();
            format!(
                "coalesce({}, 0)",
                [there.join(", "), "NULL".to_owned()].join(", ").trim_start_matches(", ")
            )
        };
        let sql = format!(
            "SELECT s.rowid, s.id, s.updated_at, {}, {}, {}, {}, {}, {}, {} FROM sessions AS s \
             WHERE s.rowid > ?1 AND coalesce(CAST(s.updated_at AS TEXT), '') >= ?2 ORDER BY s.rowid LIMIT {PAGE}",
            cell(&found, "s", "working_dir"),
            cell(&found, "s", "provider_name"),
            cell(&found, "s", "model_config_json"),
            count("input"),
            count("output"),
            count("total"),
            cell(&found, "s", "created_at"),
        );
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query((after, since))?;
        let (mut page, mut budget) = (Page::default(), Budget::of(PAGE));
        while let Some(row) = rows.next()? {
            let total = |at| Ok::<_, rusqlite::Error>(u64::try_from(number(row, at)?).unwrap_or(0));
            let it = Row {
                id: text(row, 1)?,
                updated: text(row, 2)?,
                folder: text(row, 3)?,
                provider: text(row, 4)?,
                model: text(row, 5)?,
                totals: [total(6)?, total(7)?, total(8)?],
            };
            // Another database numbers its sessions alike.
            let key = format!("{} {}", it.id, text(row, 9)?);
            page.add(row.get(0)?, key, Ok(session(&it)));
            if budget.take(it.model.len()) {
                return Ok(page.with_last(false));
            }
        }
        Ok(page.with_last(true))
    }
}

/// A row of `sessions`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Row {
    id: String,
    folder: String,
    updated: String,
    provider: String,
    /// The settings of the model, in JSON.
    model: String,
    /// Input, output and total over the session; what is no count is 0.
    totals: [u64; 3],
}

/// Reads a row: what the session has come to, if it has used anything.
fn session(row: &Row) -> Option<Logged<'static>> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Settings<'a> {
        #[serde(borrow)]
        model_name: Scalar<'a>,
    }
    let settings: Settings<'_> = read(row.model.as_bytes()).unwrap_or_default();
    let [input, output, total] = row.totals;
    let counts = match input.saturating_add(output) {
        // Nobody says of which kind it was.
        0 => Counts { unclassified: total, ..Counts::default() },
        _ => Counts { input, output, ..Counts::default() },
    };
    let logged = Logged {
        session: row.id.clone().into(),
        folder: row.folder.clone().into(),
        provider: row.provider.clone().into(),
        model: settings.model_name.text().unwrap_or_default().into_owned().into(),
        counts,
        time: time_of(&row.updated),
        ..Logged::default()
    };
    logged.has_tokens().then_some(logged)
}

/// Reads a time as SQLite writes it, in UTC, or as RFC 3339 has it.
fn time_of(text: &str) -> Option<Timestamp> {
    let plain = NaiveDateTime::parse_from_str(text.trim(), "%Y-%m-%d %H:%M:%S%.f").ok();
    match plain {
        Some(time) => Some(Timestamp::from_micros(time.and_utc().timestamp_micros()))
            .filter(|time| time.is_recordable()),
        None => Scalar::Text(text.into()).instant(),
    }
}
