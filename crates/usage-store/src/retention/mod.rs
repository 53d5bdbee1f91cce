//! The retention of a ledger: deleting records and rollups, stating how long they are kept, and giving
//! the space back.

mod age;
mod delete;
mod doubt;
mod everything;
mod extent;
mod horizon;
mod plan;
mod policy;
mod progress;
mod prune;
mod quarantine;
mod range;
mod slices;
mod space;
mod steps;

pub use age::Age;
pub use delete::DeletionPlan;
pub use everything::DeleteAllPlan;
pub use horizon::HorizonReset;
pub use plan::{RetentionPlan, SessionsPlan};
pub(crate) use policy::policy_of;
pub use policy::{Policy, Retained, Retention, SessionsKept};
pub use progress::Deletion;
pub use prune::{PruneOptions, PrunePlan};
pub use quarantine::{Quarantine, Retried};
pub use range::DeleteRangePlan;
pub use space::VacuumOutcome;
#[cfg(feature = "zones")]
pub(crate) use steps::cut;
pub(crate) use steps::kept_in;
