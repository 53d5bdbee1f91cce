//! Settings, from the command line.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A gateway that records what passes.
#[derive(clap::Parser)]
pub(crate) struct Settings {
    /// The ledger
    #[arg(long)]
    pub(crate) ledger: PathBuf,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,
    /// The gateway's name in the ledger
    #[arg(long, default_value = "gateway")]
    pub(crate) instance: String,
    /// Where Anthropic's requests go
    #[arg(long, default_value = "https://api.anthropic.com")]
    pub(crate) anthropic: String,
    /// Where OpenAI's requests go
    #[arg(long, default_value = "https://api.openai.com")]
    pub(crate) openai: String,
    /// Seconds that streams may go on after a signal to stop
    #[arg(long, default_value_t = 10)]
    pub(crate) grace: u64,
}
