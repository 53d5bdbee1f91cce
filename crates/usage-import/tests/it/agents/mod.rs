//! The logs of coding agents: recordings of real programs, and trees that mean harm.

mod growing;
mod hostile;
<<<<<<< HEAD
mod support;
=======
pub(crate) mod support;
>>>>>>> b8c5579 (Read the logs of thirteen more agents)
mod trees;
