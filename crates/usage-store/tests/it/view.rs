//! The view `usage_records`: the ledger for people with the `sqlite3` shell.

use std::process::Command;

use rusqlite::types::Value;
use usage_core::{Label, Measure, Record, Timestamp, TokenCounts, Usage};

use super::child;
use super::support::{Place, at, everything_said, labels, record, with_event};

const COLUMNS: &str = "id instance_id profile provider route model tokens fallbacks timestamp \
    timestamp_us input_tokens output_tokens cache_read_tokens cache_write_tokens \
    unclassified_tokens reasoning_tokens event_id tier project user session_id tags outcome quality \
    stated_cost_usd cache_write_long_tokens input_audio_tokens output_audio_tokens \
    cache_read_audio_tokens web_searches";

/// Returns the values that a record that says nothing of it has in the columns behind its event id.
fn nothing_more() -> Vec<Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    let mut nothing = vec![text(""), text(""), text(""), Value::Null, Value::Null, text("ok")];
    nothing.extend([text("reported"), Value::Null]);
    nothing.extend([0; 5].map(Value::Integer));
    nothing
}

#[test]
fn shows_every_field() {
    let place = Place::new();
    let tokens = TokenCounts::new()
        .with_input(1)
        .with_output(20)
        .with_cache_read(300)
        .with_cache_write(4_000)
        .with_reasoning(7);
    let names = labels(["i", "", "v", "r", "模"]);
    let when = at(1_777_787_761_000_042);
    let one =
        with_event(Record::new(names, Usage::new(tokens, when).with_fallbacks(2)).unwrap(), "e");
    place.open().insert_batch(&[one, record(5, 50_000)]).unwrap();

    let connection = place.connection();
    let mut statement = connection.prepare("SELECT * FROM usage_records ORDER BY id").unwrap();
    assert_eq!(statement.column_names().join(" "), COLUMNS);
    let width = statement.column_count();
    let rows: Vec<Vec<Value>> = statement
        .query_map([], |row| (0..width).map(|index| row.get(index)).collect())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let text = |text: &str| Value::Text(text.to_owned());
    let numbers = |numbers: [i64; 6]| numbers.map(Value::Integer);
    let mut first = vec![1.into(), text("i"), text(""), text("v"), text("r"), text("模")];
    first.extend([4_321.into(), 2.into(), text("2026-05-03 05:56:01.000042+00:00")]);
    first.push(1_777_787_761_000_042_i64.into());
    first.extend(numbers([1, 20, 300, 4_000, 0, 7]));
    first.push(text("e"));
    first.extend(nothing_more());
    assert_eq!(rows[0], first);
    assert_eq!(rows[1][6], Value::Integer(50_000));
    assert_eq!(
        rows[1][10..],
        [numbers([0, 0, 0, 0, 50_000, 0]).as_slice(), &[Value::Null], &nothing_more()].concat()
    );
}

/// Each of them alone, and all together: what is packed is read by SQL alone, however long its numbers are.
#[test]
fn shows_what_is_packed() {
    let place = Place::new();
    let store = place.open();
    let all = everything_said();
    store.insert_batch(&all).unwrap();
    let connection = place.connection();
    let columns = COLUMNS.split_whitespace().skip_while(|column| *column != "tier");
    let columns = columns.collect::<Vec<_>>().join(", ");
    let mut statement =
        connection.prepare(&format!("SELECT {columns} FROM usage_records ORDER BY id")).unwrap();
    let width = statement.column_count();
    let rows: Vec<Vec<Value>> = statement
        .query_map([], |row| (0..width).map(|index| row.get(index)).collect())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (record, found) in all.iter().zip(rows) {
        let text = |text: &str| Value::Text(text.to_owned());
        let (names, counts, context) = (record.labels().names(), record.counts(), record.context());
        let tags: Vec<_> =
            context.tags().map(|(key, value)| format!("\"{key}\":\"{value}\"")).collect();
        let or_null = |of: String| if of.is_empty() { Value::Null } else { Value::Text(of) };
        let cost = counts.stated_cost().map(usage_core::Money::picos);
        let cost =
            cost.map(|of| format!("{}.{:012}", of / 1_000_000_000_000, of % 1_000_000_000_000));
        let mut expected =
            [Label::Tier, Label::Project, Label::User].map(|label| text(names.get(label))).to_vec();
        expected.extend([
            or_null(context.session_id().to_owned()),
            or_null(if tags.is_empty() {
                String::new()
            } else {
                format!("{{{}}}", tags.join(","))
            }),
            text(counts.outcome().name()),
            text(counts.quality().name()),
            or_null(cost.unwrap_or_default()),
        ]);
        let rare = &counts.numbers()[Measure::CacheWriteLong as usize..];
        expected.extend(rare.iter().map(|number| Value::Integer(i64::from(*number))));
        assert_eq!(found, expected, "{record:?}");
    }
}

/// The view is read by time, as records lie.
#[test]
fn a_range_of_time_reads_no_other_records() {
    let place = Place::with_records(3);
    let connection = place.connection();
    let plan: Vec<String> = connection
        .prepare(
            "EXPLAIN QUERY PLAN SELECT tokens, tags, outcome FROM usage_records
             WHERE timestamp_us >= 5 AND timestamp_us < 9",
        )
        .unwrap()
        .query_map([], |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(
        plan.iter().any(|step| step.contains("SEARCH records USING PRIMARY KEY (ts>? AND ts<?)")),
        "{plan:#?}"
    );
}

#[test]
fn times_are_texts_that_sqlite_reads() {
    let place = Place::new();
    let last = Timestamp::END_RECORD.as_micros() - 1;
    place.open().insert_batch(&[record(0, 1), record(999_999, 1), record(last, 1)]).unwrap();
    let connection = place.connection();
    let mut statement = connection
        .prepare(
            "SELECT timestamp, datetime(timestamp),
                    CAST(round((julianday(timestamp) - 2440587.5) * 86400) AS INTEGER)
             FROM usage_records ORDER BY id",
        )
        .unwrap();
    let rows: Vec<(String, String, i64)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let seen = rows.iter().map(|(a, b, c)| (a.as_str(), b.as_str(), *c)).collect::<Vec<_>>();
    assert_eq!(
        seen,
        [
            ("1970-01-01 00:00:00.000000+00:00", "1970-01-01 00:00:00", 0),
            ("1970-01-01 00:00:00.999999+00:00", "1970-01-01 00:00:00", 1),
            ("2099-12-31 23:59:59.999999+00:00", "2099-12-31 23:59:59", 4_102_444_800),
        ]
    );
}

/// Whatever SQLite the machine has, if it has one.
#[test]
fn the_shell_reads_it() {
    let place = Place::with_records(3);
    let query = "SELECT count(*), sum(tokens), max(timestamp) FROM usage_records";
    let Ok(output) = Command::new("sqlite3").arg("-readonly").arg(&place.path).arg(query).output()
    else {
        child::skip("there is no `sqlite3` shell here");
        return;
    };
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim_end(),
        "3|3|1970-01-01 00:00:00.000002+00:00",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// The reference page is right, and complete.
#[test]
fn the_page_about_it_is_true() {
    let page = include_str!("../../../../docs/reference/schema.md");
    let place = Place::with_records(1);
    let connection = place.connection();
    let names = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.collect::<Result<_, _>>().unwrap()
    };
    let columns = names(
        "SELECT column.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS column \
         WHERE s.type IN ('table', 'view') AND s.name NOT LIKE 'sqlite_%'",
    );
    assert!(columns.len() > 30);
    let objects = names("SELECT name FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'");
    for name in columns.iter().chain(&objects) {
        assert!(page.contains(&format!("`{name}`")), "{name} is not on the page");
    }
    assert!(
        page.contains(&format!("| `PRAGMA application_id` | {} ", usage_store::APPLICATION_ID))
    );
    assert!(page.contains(&format!("| `PRAGMA user_version` | {} |", usage_store::SCHEMA_VERSION)));
    let query = page.split("```sql\n").nth(1).unwrap().split("```").next().unwrap();
    connection.execute_batch(query).unwrap();
    let plan: Vec<String> = connection
        .prepare(&format!("EXPLAIN QUERY PLAN {query}"))
        .unwrap()
        .query_map([], |row| row.get(3))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert!(plan[0].contains("USING PRIMARY KEY (ts>?)"), "{plan:?}");
}
