//! The logs of coding agents that write a line, a row or a number a request: recordings of real programs, files as
//! their sources say that they are, and files that mean harm.

mod growing;
mod hostile;
mod recorded;
mod scripts;
mod thin;
mod totals;
