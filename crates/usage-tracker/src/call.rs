//! Calling the sink: what it answers, what it fails with, and a panic of it as a failure.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use usage_core::error::chain;
use usage_core::sink::{JournalSink, Sink};
use usage_core::{Error, ErrorKind};

/// A failure in words, and what kind it is.
pub(crate) type Failure = (ErrorKind, String);

/// Calls the sink. A panic counts as a failure: the contract is all or nothing, so nothing was
/// kept.
pub(crate) fn call<T>(act: impl FnOnce() -> Result<T, Error>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(act))
        .map_err(|panic| {
            let text = format!("the sink panicked: {}", message(&*panic));
            (ErrorKind::Other, text)
        })
        .and_then(|result| result.map_err(|error| (error.kind(), chain(&error))))
}

/// Returns the part of the sink that remembers how far journals are stored.
pub(crate) fn positions(sink: &mut dyn Sink) -> Result<&mut dyn JournalSink, Error> {
    sink.journal().ok_or_else(|| Error::other("the sink keeps no positions of journals any more"))
}

/// Returns the text of a panic.
pub(crate) fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}
