#![doc = include_str!("../README.md")]
// What prints or ends the process is the program, not a library, whatever the reason.
#![cfg_attr(not(test), forbid(clippy::print_stdout, clippy::print_stderr, clippy::exit))]

mod counts;
mod dialect;
mod facts;
mod hints;
mod json;
mod meter;
mod number;
mod part;
mod request;
mod tables;
pub mod telemetry;
mod usage;

pub use counts::{Counts, Remainder};
pub use dialect::{Endpoint, detect};
pub use hints::{Dialect, Hints};
pub use meter::{ResponseMeter, read_response};
pub use number::{MAX_COST, pico_dollars, pico_dollars_of};
pub use part::{End, Part, Reading, Speed};
pub use request::{RequestMeter, RequestPart};
pub use tables::{MAX_ID_BYTES, Source, event_id, instance_of, made_id, part_id};
pub use usage_core::{Outcome, Quality, Tier};
