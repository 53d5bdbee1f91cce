//! Taking over an origin's database: real files, real processes.

mod migration;
mod other_process;
mod refusing;
mod repeating;
mod rows;
mod support;
mod traces;
