//! Databases of other programs, which may be in use, damaged, or made to do harm; read without a trace.

mod connection;
mod copied;
mod database;

pub(crate) use database::{Database, Kind};

/// The reason why a query on a database gave nothing, before it is known which file that was.
#[derive(Debug)]
pub(crate) enum QueryError {
    Sqlite(rusqlite::Error),
    /// It is a ledger of ours.
    Ledger,
    /// The reason why it is not the other program's.
    NotAnOrigin(String),
}

impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}
