//! The origin's table as a view, for people and their scripts.

use usage_core::{Label, Measure};

use super::columns::measures;
use super::more::{ALIAS, BITS, FLAGS, QUALITY_SHIFT, STATED, TAG_SET, bit_of};

/// The names that the view has had from the beginning; new columns come at its end.
const FIRST_NAMES: usize = Label::Model as usize + 1;

/// Makes the view. It is dropped before a migration and made again after it, so that no migration can trip over it.
///
/// SQLite's own formatting stops at milliseconds, so the microseconds are put together by hand.
pub(crate) fn views() -> String {
    let as_fields = |tokens: bool| -> String {
        let measures = measures().filter(|measure| measure.is_tokens() == tokens);
        let column = |measure: Measure| match (measure.name(), measure.field()) {
            (name, field) if name == field => format!("r.{name}, "),
            (name, field) => format!("r.{name} AS {field}, "),
        };
        measures.map(column).collect()
    };
    let added = measures().filter(|measure| measure.is_added());
    let total: Vec<_> = added.map(|measure| format!("r.{}", measure.name())).collect();
    let names = |labels: &[Label]| -> String {
        labels.iter().map(|label| format!("l.{}, ", label.field())).collect()
    };
    let rare = Measure::ALL.into_iter().filter_map(|measure| {
        let number = number(bit_of(measure)?);
        Some(format!(",\n       coalesce({number}, 0) AS {}", measure.field()))
    });
    let (first, later) = Label::ALL.split_at(FIRST_NAMES);
    let flags = format!("coalesce({}, 0)", number(FLAGS));
    let stated = number(STATED);
    format!(
        "CREATE VIEW usage_records AS
SELECT r.id, {first}{total} AS tokens, {others}
       strftime('%Y-%m-%d %H:%M:%S', r.ts / 1000000, 'unixepoch')
           || printf('.%06d+00:00', r.ts % 1000000) AS timestamp,
       r.ts AS timestamp_us, {kinds}
       r.event_id, {later}
       (SELECT s.session_id FROM sessions AS s WHERE s.id = r.session) AS session_id,
       (SELECT t.tags FROM tag_sets AS t WHERE t.id = {tag_set}) AS tags,
       CASE {flags} & 3 WHEN 0 THEN 'ok' WHEN 1 THEN 'error' WHEN 2 THEN 'cancelled' END AS outcome,
       CASE {flags} >> {QUALITY_SHIFT} & 3 WHEN 0 THEN 'reported' WHEN 1 THEN 'partial' WHEN 2 THEN 'estimated' \
       END AS quality,
       CASE WHEN {stated} IS NOT NULL THEN \
       printf('%d.%012d', {stated} / 1000000000000, {stated} % 1000000000000) END AS stated_cost_usd{rare}
FROM (SELECT *, {rest} AS rest FROM records) AS r JOIN label_sets AS l ON l.id = r.label_set;
",
        rest = rest(),
        first = names(first),
        later = names(later),
        total = total.join(" + "),
        others = as_fields(false),
        kinds = as_fields(true),
        tag_set = number(TAG_SET),
        rare = rare.collect::<String>(),
    )
}

/// The number of a bit of what a row says besides its columns; null where there is none.
fn number(bit: u32) -> String {
    format!("json_extract(r.rest, '$.b{bit}')")
}

/// The numbers of what a row says besides its columns, as a JSON object by their bits: reads one number after the
/// other, seven bits a byte. Where no column needs it, it costs nothing.
fn rest() -> String {
    let byte = |at: &str| {
        let digit =
            |of: &str| format!("instr('123456789ABCDEF', substr(hex(more), 2 * ({at}) + {of}, 1))");
        format!("({} * 16 + {})", digit("1"), digit("2"))
    };
    let bits = (0..BITS).filter(|bit| *bit != ALIAS).map(|bit| format!("({bit})"));
    format!(
        "CASE WHEN more IS NOT NULL THEN (
    WITH RECURSIVE bits(bit) AS (VALUES {bits}),
    bytes(at, first, place, byte, number) AS (
        SELECT 0, 0, 0, {first}, {first} & 127 UNION ALL
        SELECT at + 1, iif(byte < 128, at + 1, first), place + (byte < 128), {next},
               iif(byte < 128, 0, number) | (({next} & 127) << iif(byte < 128, 0, 7 * (at + 1 - first)))
        FROM bytes WHERE at + 1 < length(more)),
    numbers(place, number) AS (SELECT place, number FROM bytes WHERE byte < 128)
    SELECT json_group_object('b' || b.bit, n.number)
    FROM numbers AS mask JOIN bits AS b ON mask.number >> b.bit & 1 JOIN numbers AS n ON n.place = 1 +
         (SELECT count(*) FROM bits AS before WHERE before.bit < b.bit AND mask.number >> before.bit & 1)
    WHERE mask.place = 0) END",
        bits = bits.collect::<Vec<_>>().join(", "),
        first = byte("0"),
        next = byte("at + 1"),
    )
}
