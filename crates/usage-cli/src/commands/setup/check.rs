//! Sending a test to a server, as an agent would.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::agents::Server;
use crate::error::CliError;

/// The time that each step may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A log event that tells of no request: it arrives, and nothing is added.
const BODY: &str = r#"{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"usage-setup"}}]},"scopeLogs":[{"logRecords":[{"attributes":[{"key":"event.name","value":{"stringValue":"usage.setup_check"}}]}]}]}]}"#;

/// Sends a test; an error says why it did not arrive.
pub(super) fn send(server: &Server<'_>) -> Result<(), CliError> {
    let host = server.url.strip_prefix("http://").ok_or_else(|| {
        CliError::usage(format!("cannot send a test to {}", server.url))
            .hint("only an address that begins with http:// can be tried from here")
    })?;
    let answer = exchange(host, server.token).map_err(|error| {
        CliError::failed(format!("the test did not arrive at {}: {error}", server.url))
            .hint("`usage serve` starts a server")
    })?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => Ok(()),
        "401" | "403" => Err(CliError::failed(format!("{} refuses the token", server.url))
            .hint("--token TOKEN names one that may write")),
        _ => Err(CliError::failed(format!("{} answers {status:?}", server.url))
            .hint("--endpoint URL names another server")),
    }
}

/// Returns the answer, as far as its first bytes.
fn exchange(host: &str, token: Option<&str>) -> io::Result<String> {
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let nowhere = || io::Error::new(io::ErrorKind::NotFound, "there is no such address");
    let address = address.to_socket_addrs()?.next().ok_or_else(nowhere)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let bearer = token.map_or_else(String::new, |it| format!("Authorization: Bearer {it}\r\n"));
    let length = BODY.len();
    write!(
        stream,
        "POST /v1/logs HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{bearer}\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{BODY}"
    )?;
    let mut answer = Vec::new();
    stream.take(1_000).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
