//! ClickHouse, through its plain HTTP interface.

use ureq::{Agent, Body, http::Response};

use crate::error::ShipError;
use crate::tsv;
use crate::wire::{Dialect, PATIENCE, TargetError, Wire, parsed};

const ENGINE: &str = "ClickHouse";
/// The first version whose inserts have to be told not to wait for others.
const MODERN: (u32, u32) = (21, 11);
/// More than any statement of ours takes.
const LONGEST_ANSWER: u64 = 4 << 30;

/// A server, as its URL says it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server {
    user: String,
    password: String,
    place: String,
    database: String,
}

impl Server {
    /// Reads what stands behind `clickhouse://`.
    pub(crate) fn parse(rest: &str) -> Result<Self, TargetError> {
        let (user, rest) = rest.rsplit_once('@').unwrap_or(("", rest));
        let (user, password) = user.split_once(':').unwrap_or((user, ""));
        let (place, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = place.rsplit_once(':').unwrap_or((place, "8123"));
        if host.is_empty() || port.parse::<u16>().is_err() {
            return Err(TargetError(format!("{place:?} is no host with a port")));
        }
        let is_name = |name: &str| name.chars().all(|of| of.is_ascii_alphanumeric() || of == '_');
        if !is_name(database) {
            return Err(TargetError(format!("{database:?} is no plain name of a database")));
        }
        let database = if database.is_empty() { "default" } else { database };
        Ok(Self {
            user: decoded(user),
            password: decoded(password),
            place: format!("{host}:{port}"),
            database: database.to_owned(),
        })
    }

    pub(crate) fn name(&self) -> String {
        format!("clickhouse://{}/{}", self.place, self.database)
    }
}

/// Takes percent signs with two digits for the bytes that they mean.
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).filter(|_| first == b'%');
        let byte =
            digits.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &behind[2..] } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

pub(crate) struct Connection {
    agent: Agent,
    server: Server,
    is_modern: bool,
}

impl Connection {
    pub(crate) fn open(server: &Server) -> Result<Self, ShipError> {
        let config = Agent::config_builder()
            .timeout_connect(Some(std::time::Duration::from_secs(10)))
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .build();
        let mut connection =
            Self { agent: config.into(), server: server.clone(), is_modern: false };
        let version = connection.query("SELECT version()")?;
        let version = version.first().and_then(|row| row.first()).cloned().unwrap_or_default();
        let mut numbers = version.split('.');
        let mut number = || parsed::<u32>(numbers.next().unwrap_or_default());
        connection.is_modern = (number()?, number()?) >= MODERN;
        Ok(connection)
    }

    /// Sends a statement, in the body or with rows there, and returns the whole answer.
    fn send(&self, sql: &str, rows: Option<&str>) -> Result<String, ShipError> {
        let mut request = self
            .agent
            .post(format!("http://{}/", self.server.place))
            .query("database", &self.server.database)
            // An error in the middle of an answer is told in its head.
            .query("wait_end_of_query", "1")
            .query("max_query_size", "67108864")
            // Over shards: an epoch lies whole on one of them, what was sent is there, and one that is away is told.
            .query("distributed_product_mode", "local")
            .query("insert_distributed_sync", "1")
            .query("skip_unavailable_shards", "0");
        if self.is_modern {
            for (name, value) in [
                ("async_insert", "0"),
                ("max_partitions_per_insert_block", "0"),
                ("max_ast_elements", "10000000"),
                ("max_expanded_ast_elements", "10000000"),
            ] {
                request = request.query(name, value);
            }
        }
        if !self.server.user.is_empty() {
            request = request.header("X-ClickHouse-User", &self.server.user);
        }
        if !self.server.password.is_empty() {
            request = request.header("X-ClickHouse-Key", &self.server.password);
        }
        let answer = match rows {
            Some(rows) => request.query("query", sql).send(rows),
            None => request.send(sql),
        };
        let mut answer = answer.map_err(|error| away(&error))?;
        let code = exception(&answer);
        let body = answer.body_mut().with_config().limit(LONGEST_ANSWER).read_to_string();
        let body = body.map_err(|error| away(&error))?;
        let status = answer.status().as_u16();
        if status == 200 && code.is_none() && !breaks_off(&body) {
            return Ok(body);
        }
        let why = body.trim().chars().take(500).collect::<String>();
        let why = [format!("status {status}"), code.unwrap_or_default(), why].join(" ");
        // A proxy in front of a server that is away, and shards that are.
        let is_away = matches!(status, 502..=504)
            || ["Code: 279", "Code: 210", "Code: 209", "Code: 32,"]
                .iter()
                .any(|of| why.contains(of));
        Err(if is_away {
            ShipError::Away { engine: ENGINE, why }
        } else {
            ShipError::Refused { engine: ENGINE, why }
        })
    }
}

/// The code that an answer has in its head even where its status is that of success.
fn exception(answer: &Response<Body>) -> Option<String> {
    let code = answer.headers().get("X-ClickHouse-Exception-Code")?;
    Some(code.to_str().unwrap_or("?").to_owned())
}

/// Returns whether an answer ends with an error in place of its rest.
fn breaks_off(body: &str) -> bool {
    let last = body.trim_end().rsplit('\n').next().unwrap_or_default();
    last.contains("__exception__")
        || (last.starts_with("Code: ") && last.contains("DB::"))
        || (!body.is_empty() && !body.ends_with('\n'))
}

impl Wire for Connection {
    fn dialect(&self) -> Dialect {
        Dialect::ClickHouse { is_modern: self.is_modern }
    }

    fn execute(&mut self, sql: &str) -> Result<(), ShipError> {
        self.send(sql, None).map(drop)
    }

    fn query(&mut self, sql: &str) -> Result<Vec<Vec<String>>, ShipError> {
        Ok(tsv::parse(&self.send(&format!("{sql} FORMAT TabSeparated"), None)?))
    }

    fn load(&mut self, table: &str, columns: &str, rows: &str) -> Result<(), ShipError> {
        let sql = format!("INSERT INTO {table} ({columns}) FORMAT TabSeparated");
        self.send(&sql, Some(rows)).map(drop)
    }
}

fn away(error: &ureq::Error) -> ShipError {
    ShipError::Away { engine: ENGINE, why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_breaks_off_is_noticed() {
        assert!(!breaks_off("") && !breaks_off("1\t2\n"));
        assert!(breaks_off("1\t2\n3"), "cut");
        assert!(breaks_off("1\nCode: 241. DB::Exception: Memory limit\n"));
    }

    #[test]
    fn passwords_may_hold_anything() {
        let server = Server::parse("a%40b:x%3Ay%25@h:9/d").unwrap();
        assert_eq!((server.user.as_str(), server.password.as_str()), ("a@b", "x:y%"));
        assert_eq!(decoded("100%"), "100%");
    }
}
