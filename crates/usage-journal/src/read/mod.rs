//! Reading a segment: bytes, frames, and batches of them.

mod batch;
mod scan;
mod window;

pub(crate) use batch::{Batch, Delivered};
pub(crate) use scan::{End, Scanner};
