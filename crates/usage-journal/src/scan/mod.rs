//! Reading a segment: bytes ([`window`]), frames ([`scanner`]), and batches of them ([`batch`]). Both the reader
//! of a journal and the replay of abandoned segments read this way.

mod batch;
mod scanner;
mod source;
mod window;

pub use batch::StoredBatch;
pub(crate) use batch::{Batch, Delivered};
pub(crate) use scanner::Scanner;
pub(crate) use source::{End, Source};
