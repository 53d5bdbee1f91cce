//! Which rows become which records, and which are named instead.

use usage_core::Label;
use usage_core::record::line;

use super::support::{LAX, NEWER, OLDER, Place, records, requests};

fn lines(place: &Place) -> Vec<String> {
    records(&place.store()).iter().map(line::write).collect()
}

#[test]
fn of_the_newer_schema() {
    let place = Place::new(NEWER);
    place.execute(
        "INSERT INTO usage_records VALUES
         (7, 'i', 'p', 'v', 'r', 'm', 1500, 2, '2026-05-03 13:56:01.123456789 +0800 CST m=+1.000000000'),
         (9, 'i', '', '', 'r', 'm', 0, 0, '2026-05-03 05:56:01')",
    );
    assert_eq!(place.import().counts, [2, 0, 0, 0]);
    assert_eq!(
        lines(&place),
        [
            r#"{"instance_id":"i","profile":"p","provider":"v","route":"r","model":"m","tokens":1500,"fallbacks":2,"timestamp":"2026-05-03T05:56:01.123456Z"}"#,
            r#"{"instance_id":"i","profile":"","provider":"","route":"r","model":"m","tokens":0,"fallbacks":0,"timestamp":"2026-05-03T05:56:01.000000Z"}"#,
        ]
    );
}

#[test]
fn of_the_older_schema() {
    let place = Place::new(OLDER);
    let insert = "INSERT INTO usage_records (instance_id, route, model, tokens, timestamp) \
                  VALUES ('i', 'r', 'm', 5, '2026-05-03 05:56:01 +0545 +0545')";
    place.execute(insert);
    assert_eq!(place.import().counts, [1, 0, 0, 0]);
    let expected = r#"{"instance_id":"i","profile":"","provider":"","route":"r","model":"m","tokens":5,"fallbacks":0,"timestamp":"2026-05-03T00:11:01.000000Z"}"#;
    assert_eq!(lines(&place), [expected]);

    // As the origin migrates it: it is still the same origin.
    place.execute(
        "ALTER TABLE usage_records ADD COLUMN profile TEXT NOT NULL DEFAULT '';
         ALTER TABLE usage_records ADD COLUMN provider TEXT NOT NULL DEFAULT '';",
    );
    place.execute(insert);
    assert_eq!(place.import().counts, [1, 0, 0, 1]);
}

#[test]
fn what_is_no_record_is_named_and_the_rest_taken() {
    let good = "'i', 'p', 'v', 'r', 'm', 1, 0, '2026-05-03 05:56:01'";
    let cases = [
        ("'', 'p', 'v', 'r', 'm', 1, 0, @T", "instance_id must not be empty"),
        ("'i', 'p', 'v', '', 'm', 1, 0, @T", "route must not be empty"),
        ("'i', 'p', 'v', 'r', '', 1, 0, @T", "model must not be empty"),
        ("NULL, 'p', 'v', 'r', 'm', 1, 0, @T", "instance_id is NULL, not a text"),
        ("'i', NULL, 'v', 'r', 'm', 1, 0, @T", "profile is NULL, not a text"),
        ("'i', 'p', 5, 'r', 'm', 1, 0, @T", "provider is 5, not a text"),
        ("'i', 'p', 'v', 2.0, 'm', 1, 0, @T", "route is 2.0, not a text"),
        ("'i', 'p', 'v', 'r', x'61', 1, 0, @T", "model is a blob of 1 bytes, not a text"),
        ("'i', 'p', 'v', 'r', CAST(x'61ff' AS TEXT), 1, 0, @T", "model is not UTF-8"),
        ("'i', 'p', 'v', 'r' || char(0), 'm', 1, 0, @T", "route holds a NUL character"),
        (
            "'i', 'p', 'v', 'r', printf('%257s', 'm'), 1, 0, @T",
            "model has 257 bytes, at most 256 are accepted",
        ),
        (
            "'i', 'p', 'v', 'r', printf('%9999s', 'm'), 1, 0, @T",
            "model has 9999 bytes, at most 256 are accepted",
        ),
        ("'i', 'p', 'v', 'r', 'm', -1, 0, @T", "tokens is -1, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', 1000000001, 0, @T", "tokens is 1000000001, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', 4294967297, 0, @T", "tokens is 4294967297, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', 1.5, 0, @T", "tokens is 1.5, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', 1.0, 0, @T", "tokens is 1.0, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', 9e999, 0, @T", "tokens is inf, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', NULL, 0, @T", "tokens is NULL, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', '5', 0, @T", "tokens is the text \"5\", COUNT"),
        ("'i', 'p', 'v', 'r', 'm', x'05', 0, @T", "tokens is a blob of 1 bytes, COUNT"),
        (
            "'i', 'p', 'v', 'r', 'm', zeroblob(5000), 0, @T",
            "tokens is a value of 5000 bytes, COUNT",
        ),
        ("'i', 'p', 'v', 'r', 'm', 1, -1, @T", "fallbacks is -1, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', 1, NULL, @T", "fallbacks is NULL, COUNT"),
        ("'i', 'p', 'v', 'r', 'm', 1, 0, NULL", "timestamp is NULL, not a text"),
        ("'i', 'p', 'v', 'r', 'm', 1, 0, 1777787761", "timestamp is 1777787761, not a text"),
        (
            "'i', 'p', 'v', 'r', 'm', 1, 0, printf('%5000s', 'x')",
            "timestamp is a value of 5000 bytes, not a text",
        ),
        (
            "'i', 'p', 'v', 'r', 'm', 1, 0, 'soon' || char(27)",
            "timestamp \"soon\\u{1b}\" is no time as Go or SQLite writes it",
        ),
        (
            "'i', 'p', 'v', 'r', 'm', 1, 0, '2026-02-30 05:56:01'",
            "timestamp \"2026-02-30 05:56:01\" is on a day that does not exist",
        ),
        (
            "'i', 'p', 'v', 'r', 'm', 1, 0, '1969-12-31 23:59:59'",
            "timestamp 1969-12-31T23:59:59.000000Z is outside 1970-01-01T00:00:00Z to \
             2100-01-01T00:00:00Z",
        ),
    ];
    let place = Place::new(LAX);
    let mut expected = Vec::new();
    for (index, (values, why)) in cases.into_iter().enumerate() {
        let values = values.replace("@T", "'2026-05-03 05:56:01'");
        let id = 2 * index + 1;
        place.execute(&format!(
            "INSERT INTO usage_records VALUES ({id}, {values}); \
             INSERT INTO usage_records VALUES ({}, {good});",
            id + 1
        ));
        let why = why.replace("COUNT", "whole numbers from 0 to 1000000000 are accepted");
        expected.push(format!("{id}: {why}"));
    }
    let outcome = place.import();
    let count = cases.len() as u64;
    assert_eq!(outcome.refused, expected);
    assert_eq!(outcome.counts, [count, 0, count, 0]);
    assert_eq!(requests(&place.store()), count);
    // Named once, and counted.
    let again = place.import();
    assert_eq!((again.counts, again.refused.len()), ([0, 0, 0, 2 * count], 0));
}

#[test]
fn ids_may_be_anything_and_have_gaps() {
    let place = Place::new(LAX);
    for id in [i64::MIN, -1, 0, 5, 1 << 40, i64::MAX] {
        let values = format!("{id}, 'i', '', '', 'r', 'm', 1, 0, '2026-05-03 05:56:01'");
        place.execute(&format!("INSERT INTO usage_records VALUES ({values})"));
    }
    assert_eq!(place.import().counts, [6, 0, 0, 0]);
    assert_eq!(place.import().counts, [0, 0, 0, 6]);
}

#[test]
fn text_in_another_encoding_is_the_same_text() {
    let place = Place::new("");
    std::fs::remove_file(&place.path).unwrap();
    place.execute(&format!("PRAGMA encoding = 'UTF-16'; PRAGMA journal_mode = WAL; {LAX}"));
    place.execute(
        "INSERT INTO usage_records VALUES (1, 'i', '模', '', 'r', 'm', 1, 0, '2026-05-03 05:56:01')",
    );
    assert_eq!(place.import().counts, [1, 0, 0, 0]);
    assert_eq!(records(&place.store())[0].labels().names().get(Label::Profile), "模");
}
