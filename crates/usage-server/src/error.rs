//! The reasons why a server does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Says why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// Another process serves this ledger.
    #[error("the ledger {} is served already, by {by}", path.display())]
    Served {
        /// The ledger.
        path: PathBuf,
        /// Which process, and where.
        by: String,
    },
    /// The file that says who serves a ledger cannot be written.
    #[error("cannot write {}", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Everybody on the network could read and write the ledger.
    #[error("{0} is not of this machine alone, and there are no tokens")]
    Unprotected(SocketAddr),
    /// It cannot listen.
    #[error("cannot listen on {address}")]
    Listen {
        /// Where.
        address: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// There is nothing to listen on.
    #[error("there is no address to listen on")]
    Nowhere,
    /// The operating system gives no thread.
    #[error("cannot start the server")]
    Start(#[source] io::Error),
}
