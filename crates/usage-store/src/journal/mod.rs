//! The journals in front of a ledger: how far each is stored, and what waits in them.

pub(crate) mod backlog;
pub(crate) mod journals;
pub(crate) mod recovery;
pub(crate) mod sink;
