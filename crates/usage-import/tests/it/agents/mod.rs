//! The logs of coding agents: recordings of real programs, and trees that mean harm.

mod growing;
mod hostile;
mod support;
mod trees;
