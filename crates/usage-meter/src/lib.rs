#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

#[cfg(feature = "http-body")]
mod body;
#[cfg(feature = "reqwest")]
mod client;
#[cfg(feature = "tower")]
mod layer;
mod meter;

#[cfg(feature = "http-body")]
pub use body::MeteredBody;
#[cfg(feature = "tower")]
pub use layer::{MeterFuture, MeterLayer, MeterService};
pub use meter::Meter;
pub use usage_providers::{Dialect, End, RequestPart};
