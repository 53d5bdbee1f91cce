//! The ledger's file: telling it from others, its tables, its connections.

pub(crate) mod books;
pub(crate) mod checkpoint;
pub(crate) mod columns;
pub(crate) mod connect;
pub(crate) mod contexts;
pub mod file;
pub(crate) mod file_id;
pub(crate) mod identify;
pub(crate) mod ids;
pub(crate) mod immutable;
pub(crate) mod journal_folders;
pub(crate) mod labels;
pub(crate) mod more;
pub(crate) mod part;
pub(crate) mod path;
pub(crate) mod quotes;
pub(crate) mod readers;
pub(crate) mod records;
pub(crate) mod retained;
pub(crate) mod schema;
pub(crate) mod tag_keys;
pub(crate) mod terms;
pub(crate) mod transaction;
pub(crate) mod trusted;
pub(crate) mod varint;
pub(crate) mod view;
