#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod answer;
mod app;
mod batch;
mod body;
mod connection;
mod elements;
mod error;
mod events;
mod gate;
mod guard;
mod limits;
mod litellm;
mod metrics;
mod otlp;
mod overview;
mod owner;
mod page;
mod prices;
mod question;
mod received;
mod records;
mod routes;
mod server;
mod status;
mod tokens;
mod units;

pub use batch::{Batch, Seen};
pub use error::ServeError;
pub use limits::Limits;
pub use otlp::{Encoding, OtlpError, Signal, read as read_otlp};
pub use routes::routes;
pub use server::{Config, Server};
pub use tokens::{TokenError, Tokens};
