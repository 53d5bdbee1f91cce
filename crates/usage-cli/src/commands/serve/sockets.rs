//! Sockets to listen on: systemd's, or new ones.

use std::net::{TcpListener, ToSocketAddrs as _};

use listenfd::ListenFd;
use usage_server::ServeError;

use crate::error::CliError;

/// The sockets that systemd hands over, or new ones at these addresses.
pub(super) fn listeners(addresses: &[String]) -> Result<Vec<TcpListener>, CliError> {
    let mut listeners = Vec::new();
    let mut handed = ListenFd::from_env();
    for at in 0..handed.len() {
        let failed =
            |source| ServeError::Listen { address: "the socket of systemd".to_owned(), source };
        listeners.extend(handed.take_tcp_listener(at).map_err(failed)?);
    }
    if !listeners.is_empty() {
        return Ok(listeners);
    }
    for address in addresses {
        let failed = |source| ServeError::Listen { address: address.clone(), source };
        for address in address.to_socket_addrs().map_err(failed)? {
            listeners.push(TcpListener::bind(address).map_err(failed)?);
        }
    }
    Ok(listeners)
}

/// Lets the process have as many files, and so connections, as it may. Where it may not, fewer are accepted at once.
pub(super) fn raise_limit() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, getrlimit, setrlimit};
        let mut limit = getrlimit(Resource::Nofile);
        limit.current = limit.maximum;
        let _ = setrlimit(Resource::Nofile, limit);
    }
}
