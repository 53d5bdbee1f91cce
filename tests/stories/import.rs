//! Taking over the database of cc-modelrouter.

use insta::assert_snapshot;
use rusqlite::Connection;

use crate::fixture::Fixture;
use crate::process::eventually;

const TABLE: &str = "PRAGMA journal_mode = WAL; CREATE TABLE usage_records (
    id INTEGER PRIMARY KEY AUTOINCREMENT, instance_id TEXT NOT NULL, profile TEXT NOT NULL,
    provider TEXT NOT NULL, route TEXT NOT NULL, model TEXT NOT NULL, tokens INTEGER NOT NULL,
    fallbacks INTEGER NOT NULL DEFAULT 0, timestamp DATETIME);";

/// A fixture with an origin where the router keeps it, with these rows.
pub(crate) fn with_rows(rows: &str) -> Fixture {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.path("home/.cc-modelrouter")).unwrap();
    let insert = if rows.is_empty() {
        String::new()
    } else {
        format!("INSERT INTO usage_records VALUES {rows}")
    };
    execute(&fixture, &format!("{TABLE}{insert}"));
    fixture
}

fn execute(fixture: &Fixture, sql: &str) {
    let path = fixture.path("home/.cc-modelrouter/usage.db");
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

const ROWS: &str = "
    (1, 'i', 'work', 'anthropic', 'think', 'opus', 1500, 1, '2026-05-03 13:56:01.5 +0800 CST m=+1.000000000'),
    (2, 'i', '', '', 'think', 'opus', 500, 0, '2026-05-03 05:56:01'),
    (3, 'i', '', '', 'think', 'opus', -5, 0, '2026-05-03 05:56:01'),
    (4, 'i', '', '', 'think', 'opus', 5, 0, 'tomorrow' || char(27) || '[2J')";

#[test]
fn from_the_default_place_again_and_again() {
    let fixture = with_rows(ROWS);
    assert_snapshot!(fixture.usage("import ccrouter"), @r#"
    exit 3
    --- stdout
    Rows: 4  |  Imported: 2  |  Already there: 0  |  Refused: 2
    --- stderr
    /tmp/usage-XXXXXX/home/.cc-modelrouter/usage.db:row 3: tokens is -5, whole numbers from 0 to 1000000000 are accepted
    /tmp/usage-XXXXXX/home/.cc-modelrouter/usage.db:row 4: timestamp "tomorrow\u{1b}[2J" is no time as Go or SQLite writes it
    "#);
    assert_eq!(fixture.totals(), (2, 2_000));
    assert_snapshot!(fixture.usage("import ccrouter"), @"
    exit 0
    --- stdout
    Rows: 0  |  Imported: 0  |  Already there: 0  |  Refused: 0
      From earlier imports: 4
    ");
    execute(
        &fixture,
        "INSERT INTO usage_records VALUES
         (5, 'i', '', '', 'think', 'opus', 7, 0, '2026-05-03 05:56:02')",
    );
    assert_snapshot!(fixture.usage("import ccrouter"), @"
    exit 0
    --- stdout
    Rows: 1  |  Imported: 1  |  Already there: 0  |  Refused: 0
      From earlier imports: 4
    ");
    assert_snapshot!(fixture.usage("import ccrouter --rescan --quiet"), @r#"
    exit 3
    --- stderr
    /tmp/usage-XXXXXX/home/.cc-modelrouter/usage.db:row 3: tokens is -5, whole numbers from 0 to 1000000000 are accepted
    /tmp/usage-XXXXXX/home/.cc-modelrouter/usage.db:row 4: timestamp "tomorrow\u{1b}[2J" is no time as Go or SQLite writes it
    "#);
    assert_eq!(fixture.totals(), (3, 2_007));
}

/// No ledger is made for nothing.
#[test]
fn what_cannot_be_imported_from() {
    let fixture = Fixture::new();
    fixture.write("text", "no database");
    fixture.write("empty", "");
    for path in ["", "text", "empty", "missing"] {
        let run = fixture.usage(&format!("import ccrouter {path}"));
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
        assert_eq!(run.stderr.lines().count(), 2, "{run}");
    }
    assert_snapshot!(fixture.usage("import ccrouter"), @"
    exit 1
    --- stderr
    error: there is no ccrouter database at /tmp/usage-XXXXXX/home/.cc-modelrouter/usage.db
    hint: cc-modelrouter keeps it at ~/.cc-modelrouter/usage.db; PATH names another
    ");
    assert_eq!(fixture.files(), ["empty", "text"]);
    let run = Fixture::with(r#"{"instance_id":"i","route":"r","model":"m","tokens":1}"#)
        .usage("import ccrouter usage.db");
    assert_snapshot!(run, @"
    exit 1
    --- stderr
    error: /tmp/usage-XXXXXX/usage.db is not a ccrouter database: it is a usage ledger
    hint: cc-modelrouter keeps it at ~/.cc-modelrouter/usage.db; PATH names another
    ");
}

#[test]
fn from_what_is_no_known_program() {
    let run = Fixture::new().usage("import other");
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
}

/// Checks that what is committed stays, and the next run goes on from there.
#[test]
fn an_interrupted_import_goes_on() {
    let fixture = with_rows("");
    execute(
        &fixture,
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60000)
         INSERT INTO usage_records
         SELECT n, 'i', '', '', 'r', 'm', 1, 0, datetime(1777787761 + n, 'unixepoch') FROM n",
    );
    fixture.usage_reading("record", "").stdout_of_success();
    let child = fixture.start("import ccrouter");
    eventually("the first rows are imported", || fixture.stored() > 0);
    child.signal("INT");
    let run = child.finish();
    if run.code != 0 {
        assert_eq!(run.code, 1, "{run}");
        assert!(run.stderr.contains("interrupted, the rest was not imported"), "{run}");
        assert!(fixture.stored() < 60_000);
    }
    fixture.usage("import ccrouter").stdout_of_success();
    assert_eq!(fixture.totals(), (60_000, 60_000));
}

/// It goes on looking: what comes is taken over, also by a database that was made again; and ends with the
/// counts.
#[test]
fn a_watched_database() {
    for signal in ["INT", "TERM"] {
        let fixture = with_rows(ROWS);
        let watch = fixture.start("import ccrouter --watch");
        eventually("the rows that are there", || fixture.stored() == 2);
        execute(
            &fixture,
            "INSERT INTO usage_records VALUES
             (5, 'i', '', '', 'think', 'opus', 7, 0, '2026-05-03 05:56:02'),
             (6, 'i', '', '', 'think', 'opus', 8, 0, 'never')",
        );
        eventually("the one that came", || fixture.stored() == 3);
        let origin = fixture.path("home/.cc-modelrouter/usage.db");
        std::fs::remove_file(&origin).unwrap();
        execute(
            &fixture,
            &format!(
                "{TABLE} INSERT INTO usage_records VALUES
                 (1, 'i', '', '', 'think', 'opus', 9, 0, '2026-05-03 05:56:03')"
            ),
        );
        eventually("the one of the new database", || fixture.stored() == 4);
        watch.signal(signal);
        let run = watch.finish();
        assert_eq!(run.code, 3, "{run}");
        assert_eq!(run.stdout, "Rows: 7  |  Imported: 4  |  Already there: 0  |  Refused: 3\n");
        assert!(run.stderr.contains("usage.db:row 6: timestamp \"never\""), "{run}");
        assert_eq!(fixture.totals(), (4, 2_016));
        let names = std::fs::read_dir(fixture.path("home/.cc-modelrouter")).unwrap();
        assert_eq!(names.count(), 1, "nothing is left beside it");
    }
}
