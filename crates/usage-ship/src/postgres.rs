//! Postgres, through its own protocol.

use std::io::Write as _;

use postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::error::ShipError;
use crate::wire::{Dialect, PATIENCE, Wire};

const ENGINE: &str = "Postgres";

pub(crate) struct Connection(Client);

impl Connection {
    pub(crate) fn open(url: &str) -> Result<Self, ShipError> {
        let mut config: Config = url.parse().map_err(|error| failed(&error))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(std::time::Duration::from_secs(10));
        }
        config.application_name("usage").tcp_user_timeout(PATIENCE);
        let mut client = config.connect(NoTls).map_err(|error| failed(&error))?;
        let settings = "SET client_min_messages = warning; SET DateStyle = ISO";
        client.batch_execute(settings).map_err(|error| failed(&error))?;
        Ok(Self(client))
    }
}

impl Wire for Connection {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn execute(&mut self, sql: &str) -> Result<(), ShipError> {
        self.0.batch_execute(sql).map_err(|error| failed(&error))
    }

    fn query(&mut self, sql: &str) -> Result<Vec<Vec<String>>, ShipError> {
        let messages = self.0.simple_query(sql).map_err(|error| failed(&error))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let texts = rows.map(|row| {
            (0..row.len()).map(|at| row.get(at).unwrap_or_default().to_owned()).collect()
        });
        Ok(texts.collect())
    }

    fn load(&mut self, table: &str, columns: &str, rows: &str) -> Result<(), ShipError> {
        let sql = format!("COPY {table} ({columns}) FROM STDIN");
        let mut writer = self.0.copy_in(&sql).map_err(|error| failed(&error))?;
        let broken =
            |error: std::io::Error| ShipError::Away { engine: ENGINE, why: error.to_string() };
        for part in rows.as_bytes().chunks(1 << 16) {
            writer.write_all(part).map_err(broken)?;
        }
        writer.finish().map(drop).map_err(|error| failed(&error))
    }
}

fn failed(error: &postgres::Error) -> ShipError {
    match error.as_db_error() {
        // What ends sessions: shutdowns, crashes, too many connections.
        Some(error) if ["57P", "53", "08"].iter().any(|of| error.code().code().starts_with(of)) => {
            ShipError::Away { engine: ENGINE, why: error.message().to_owned() }
        }
        Some(error) => ShipError::Refused { engine: ENGINE, why: error.message().to_owned() },
        None => {
            let why = usage_core::error::chain(error);
            ShipError::Away { engine: ENGINE, why }
        }
    }
}
