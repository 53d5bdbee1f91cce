//! Which version of the schema this program knows: errors speak of it.

/// `PRAGMA user_version` of the newest schema that this version reads and writes.
pub const SCHEMA_VERSION: i32 = 6;
