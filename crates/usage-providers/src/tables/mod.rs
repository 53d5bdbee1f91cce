//! Tables that importer, server and setup share: one home for each.

mod identity;
mod instance;

pub use identity::{MAX_ID_BYTES, Source, event_id, made_id, part_id};
pub use instance::instance_of;
