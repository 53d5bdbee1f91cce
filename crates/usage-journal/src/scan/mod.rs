//! Reading a segment: bytes, frames, and batches of them.

mod batch;
mod scanner;
mod source;
mod window;

pub use batch::StoredBatch;
pub(crate) use batch::{Batch, Delivered};
pub(crate) use scanner::Scanner;
pub(crate) use source::{End, Source};
