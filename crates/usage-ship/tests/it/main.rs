//! Ledgers shipped to real engines, and read from there.

mod conformance;
mod copies;
mod kills;
mod ledgers;
mod proxy;
mod servers;
