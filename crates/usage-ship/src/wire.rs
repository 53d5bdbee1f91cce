//! An engine as it is spoken to: a few calls, and what its language has of its own.

use std::str::FromStr;
use std::time::Duration;

use crate::error::ShipError;
use crate::tsv::Rows;
use crate::{clickhouse, postgres};

/// The time after which an engine that says nothing counts as away.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);

/// A language of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// That of Postgres.
    Postgres,
    /// That of ClickHouse, and whether of a version that has settings of inserts (from 21.11 on).
    ClickHouse {
        /// Says whether it has.
        is_modern: bool,
    },
}

/// A connection to an engine.
pub trait Wire: Send {
    /// Returns its language.
    fn dialect(&self) -> Dialect;

    /// Carries out a statement.
    ///
    /// # Errors
    /// When the engine is away or refuses it.
    fn execute(&mut self, sql: &str) -> Result<(), ShipError>;

    /// Asks a question, and returns its rows as texts.
    ///
    /// # Errors
    /// When the engine is away or refuses it, or its answer is not whole.
    fn query(&mut self, sql: &str) -> Result<Vec<Vec<String>>, ShipError>;

    /// Adds rows to a table, text with tabs between and a line break behind each.
    ///
    /// # Errors
    /// As [`execute`](Self::execute); some of them may be there then.
    fn load(&mut self, table: &str, columns: &str, rows: &str) -> Result<(), ShipError>;
}

/// The place of an engine, by its URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Place);

#[derive(Clone, PartialEq, Eq)]
enum Place {
    Postgres(String),
    ClickHouse(clickhouse::Server),
}

/// A URL that is no engine's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; engines are postgres://USER@HOST/DATABASE and clickhouse://USER:PASSWORD@HOST:8123/DATABASE"
)]
pub struct TargetError(pub(crate) String);

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(url: &str) -> Result<Self, TargetError> {
        let place = match url.split_once("://") {
            Some(("postgres" | "postgresql", _)) => {
                let wrong = |_| TargetError("this is no URL of Postgres".to_owned());
                url.parse::<::postgres::Config>().map_err(wrong)?;
                Place::Postgres(url.to_owned())
            }
            Some(("clickhouse", rest)) => Place::ClickHouse(clickhouse::Server::parse(rest)?),
            _ => return Err(TargetError("this is no URL of an engine".to_owned())),
        };
        Ok(Self(place))
    }
}

impl Target {
    /// Returns whether a text looks like the URL of an engine.
    #[must_use]
    pub fn is_meant(text: &str) -> bool {
        ["postgres://", "postgresql://", "clickhouse://"].iter().any(|of| text.starts_with(of))
    }

    /// Returns its name without a password, as it may be shown and kept.
    #[must_use]
    pub fn name(&self) -> String {
        match &self.0 {
            Place::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let rest = rest.split('?').next().unwrap_or_default();
                let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                format!("{scheme}://{rest}")
            }
            Place::ClickHouse(server) => server.name(),
        }
    }

    /// Returns the language of its statements, of the newest version, without asking it.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match &self.0 {
            Place::Postgres(_) => Dialect::Postgres,
            Place::ClickHouse(_) => Dialect::ClickHouse { is_modern: true },
        }
    }

    /// Connects to it.
    ///
    /// # Errors
    /// When it is away, or lets nobody in.
    pub fn connect(&self) -> Result<Box<dyn Wire>, ShipError> {
        Ok(match &self.0 {
            Place::Postgres(url) => Box::new(postgres::Connection::open(url)?),
            Place::ClickHouse(server) => Box::new(clickhouse::Connection::open(server)?),
        })
    }
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target").field(&self.name()).finish()
    }
}

impl dyn Wire + '_ {
    /// Asks for one number; 0 where there is none.
    pub(crate) fn number(&mut self, sql: &str) -> Result<u64, ShipError> {
        let rows = self.query(sql)?;
        let text = rows.first().and_then(|row| row.first()).map_or("", String::as_str);
        if text.is_empty() { Ok(0) } else { parsed(text) }
    }

    /// Adds rows, as many at a time as either engine takes well.
    pub(crate) fn load_all(
        &mut self,
        table: &str,
        columns: &str,
        rows: &Rows,
    ) -> Result<(), ShipError> {
        if rows.count() == 0 { Ok(()) } else { self.load(table, columns, rows.text()) }
    }
}

/// Reads a number that the engine has told.
pub(crate) fn parsed<T: FromStr>(text: &str) -> Result<T, ShipError> {
    text.parse().map_err(|_| ShipError::Unreadable(format!("{text:?} is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_in_no_name() {
        for (url, name) in [
            ("postgres://u:p@h:5433/d?connect_timeout=9", "postgres://h:5433/d"),
            ("clickhouse://u:p@h/d", "clickhouse://h:8123/d"),
            ("clickhouse://h:9", "clickhouse://h:9/default"),
        ] {
            let target: Target = url.parse().unwrap();
            assert_eq!(target.name(), name);
            assert!(!format!("{target:?}").contains(":p@"));
        }
        for url in ["mysql://h/d", "usage.db", "clickhouse://", "clickhouse://h:x"] {
            assert!(url.parse::<Target>().is_err(), "{url}");
        }
    }
}
