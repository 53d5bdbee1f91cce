//! The logs of coding agents: recordings of real programs, and trees that mean harm.

mod growing;
mod hostile;
pub(crate) mod support;
mod trees;
