//! A view for people: sums by quarter of an hour with their names, and nothing that does not count.

use usage_core::Label;

use super::{quoted, sums};
use crate::wire::Dialect;

/// Returns the statement that makes it.
pub(super) fn of(dialect: Dialect) -> String {
    let names: Vec<_> =
        Label::ALL.into_iter().map(|of| format!("l.{0} AS {0}", quoted(of.field()))).collect();
    let names = names.join(", ");
    let sums = sums().iter().map(|sum| format!("s.{sum} AS {sum}")).collect::<Vec<_>>().join(", ");
    let at = match dialect {
        Dialect::Postgres => "to_timestamp(s.number * 900)",
        Dialect::ClickHouse { .. } => "toDateTime(s.number * 900)",
    };
    // Of names each version lies there that tidying has not come to.
    let label = match dialect {
        Dialect::Postgres => {
            "SELECT DISTINCT ON (epoch, id) * FROM usage_label ORDER BY epoch, id, version DESC"
        }
        Dialect::ClickHouse { .. } => {
            "SELECT * FROM usage_label ORDER BY version DESC LIMIT 1 BY epoch, id"
        }
    };
    let (create, last) = match dialect {
        Dialect::Postgres => ("CREATE OR REPLACE VIEW", ""),
        Dialect::ClickHouse { is_modern: true } => ("CREATE OR REPLACE VIEW", " FINAL"),
        Dialect::ClickHouse { is_modern: false } => ("CREATE VIEW IF NOT EXISTS", " FINAL"),
    };
    format!(
        "{create} usage_by_quarter AS\nSELECT {at} AS at, s.epoch AS epoch, {names}, l.tags AS tags, {sums}\n\
         FROM (SELECT s.* FROM (SELECT * FROM usage_sum{last} WHERE level = 1) AS s\n  INNER JOIN (SELECT m.epoch AS epoch, m.number AS number, max(m.version) AS version FROM usage_mark AS m\n\
         \x20   INNER JOIN (SELECT epoch, version AS through FROM usage_ledger{last} WHERE state = 'live') AS g ON g.epoch = m.epoch\n\
         \x20   WHERE m.level = 1 AND m.version <= g.through GROUP BY m.epoch, m.number) AS v\n\
         \x20 ON v.epoch = s.epoch AND v.number = s.number AND v.version = s.version) AS s\n\
         INNER JOIN ({label}) AS l ON l.epoch = s.epoch AND l.id = s.label"
    )
}
