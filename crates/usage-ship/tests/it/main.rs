//! Ledgers shipped to real engines, and read from there.

mod conformance;
mod servers;
