//! Reading a segment: bytes, frames, and batches of them.

mod batch;
mod scan;
mod source;
mod window;

pub use batch::StoredBatch;
pub(crate) use batch::{Batch, Delivered};
pub(crate) use scan::Scanner;
pub(crate) use source::{End, Source};
