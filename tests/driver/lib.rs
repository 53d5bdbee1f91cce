//! Drives gateways in processes of their own, which can be killed, and looks afterwards whether
//! the ledger holds what they promised. For the stories about faults and for the soak.

mod audit;
mod gateway;
mod recovery;
mod snapshot;

pub use audit::{Audit, Instance, integrity};
pub use gateway::{Gateway, Seen};
pub use recovery::{recover, recover_with};
pub use snapshot::{Recovered, Report, Snapshot};

/// Longer than anything here takes on a slow and busy machine.
pub const DEADLINE: std::time::Duration = std::time::Duration::from_secs(60);
