//! The catalogue of errors: each kind is brought about on the real command, and says what
//! `docs/reference/errors.md` says it does.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::sync::LazyLock;
use std::thread;

use rusqlite::Connection;
use usage_store::SCHEMA_VERSION;

use crate::fixture::{Fixture, Run};
use crate::import;
use crate::lines::{DAY, many};
use crate::maintenance::on_a_terminal;
use crate::patience::{on_a_small_disk, skipped};
use crate::permissions::{allow, as_a_plain_user, program_for_all};
use crate::process::eventually;
use crate::serve;

const REFERENCE: &str = include_str!("../../docs/reference/errors.md");

/// A row of the reference. What stands in angle brackets is anything.
#[derive(Debug)]
struct Row {
    kind: &'static str,
    code: i32,
    message: &'static str,
    hint: &'static str,
}

/// The way in which a kind is brought about; nothing where this machine does not allow for it.
type Cause = fn() -> Option<Run>;

/// Every kind but those that only a test beside the code can bring about.
const CAUSES: &[(&str, Cause)] = &[
    ("no-command", || Some(Fixture::new().usage("reprot"))),
    ("no-option", || Some(Fixture::new().usage("report --porvider x"))),
    ("no-argument", || Some(Fixture::new().usage("vacuum now"))),
    ("bad-value", || Some(Fixture::new().usage("report --format xyzzy"))),
    ("bad-value", || Some(Fixture::new().usage("report --format jsn"))),
    ("no-value", || Some(Fixture::new().usage("report --format"))),
    ("no-value", || Some(Fixture::new().usage("prices --update"))),
    ("lacks-arguments", || Some(Fixture::new().usage("salvage"))),
    ("lacks-arguments", || Some(Fixture::new().usage("import"))),
    ("lacks-arguments", || Some(Fixture::new().usage("restore"))),
    ("command-line", || Some(Fixture::new().usage("report --top 0"))),
    ("bad-now", || Some(Fixture::new().usage("period --now never"))),
    ("bad-now", || Some(Fixture::new().set("USAGE_NOW", "garbage").usage("period"))),
    ("bad-now", || Some(Fixture::new().set("USAGE_NOW", "2026-13-01T00:00:00Z").usage("period"))),
    ("bad-time-zone", || Some(Fixture::new().usage("period --timezone Nowhere"))),
    ("bad-time-zone", || Some(Fixture::new().usage("period --timezone europe/berlin"))),
    ("no-time-zone", || {
        let fixture = Fixture::with(DAY).unset("USAGE_TIMEZONE").set("TZ", "Mars/Olympus");
        Some(fixture.usage("prune --before 2026-05-01"))
    }),
    ("bad-period", || Some(Fixture::new().usage("report nonsense"))),
    ("bad-period", || Some(Fixture::new().usage("report yesteday"))),
    ("no-cycle-day", || Some(Fixture::new().usage("report this-cycle"))),
    ("bad-settings", || {
        let fixture = Fixture::new().set("USAGE_CONFIG", "config.toml");
        fixture.write("config.toml", "timezone = ");
        Some(fixture.unset("USAGE_TIMEZONE").usage("report"))
    }),
    ("no-setting", || Some(Fixture::new().usage("config set blue UTC"))),
    ("no-setting", || Some(Fixture::new().usage("config set timezon UTC"))),
    ("bad-setting", || Some(Fixture::new().usage("config set cycle-day 40"))),
    ("bad-budget", || Some(Fixture::with(DAY).usage_of(["budget", "set", "a\tb", "--usd", "5"]))),
    ("bad-budget", || Some(Fixture::with(DAY).usage("budget set a --usd 5 --cycle-day 3"))),
    ("no-budget", || Some(Fixture::with(DAY).usage("budget remove all"))),
    ("no-budget", || {
        let fixture = Fixture::with(DAY);
        fixture.usage("budget set all --tokens 5").stdout_of_success();
        Some(fixture.usage("budget check al"))
    }),
    ("budget-command", || {
        let fixture = Fixture::with(DAY);
        fixture.usage("budget set all --tokens 5 --now 2026-05-03T12:00:00Z").stdout_of_success();
        Some(fixture.usage("budget check --now 2026-05-03T12:00:00Z --exec false"))
    }),
    ("budget-unreadable", || {
        let sql = r#"INSERT INTO settings VALUES ('budget:all', '{"name":"all","weight":1}')"#;
        Some(changed(sql).usage("budget"))
    }),
    ("budget-not-counted", || {
        let fixture = Fixture::with(DAY);
        fixture.usage("budget set all --tokens 5 --tag team=a").stdout_of_success();
        fixture.usage("prune --before 2026-05-04 --keep-sums").stdout_of_success();
        Some(fixture.usage("budget"))
    }),
    ("no-ledger", || Some(Fixture::new().usage("salvage missing new.db"))),
    ("no-copy", || Some(Fixture::with(DAY).usage("restore missing"))),
    ("others-home", || Some(Fixture::new().set("USAGE_DB", "~anna/usage.db").usage("record"))),
    ("not-a-file", || Some(Fixture::new().usage("record --db http://localhost:4318"))),
    ("no-folder", || Some(Fixture::with(DAY).usage("backup missing/usage.db"))),
    ("bad-grouping", || Some(Fixture::with(DAY).usage("report --by day,week"))),
    ("period-too-long", || {
        Some(Fixture::with(DAY).usage("report 0001-01-01..9999-12-31 --by month"))
    }),
    ("follow-one-file", || Some(Fixture::new().usage("record --follow"))),
    ("follow-csv", || {
        let fixture = Fixture::new();
        fixture.write("a.csv", "");
        Some(fixture.usage("record --follow a.csv"))
    }),
    ("mixed-rejects", || {
        let fixture = Fixture::new();
        fixture.write("a", "");
        fixture.write("b.csv", "");
        Some(fixture.usage("record a b.csv --rejects bad"))
    }),
    ("rejects-in-use", || {
        let fixture = Fixture::new();
        fixture.write("a", "");
        Some(fixture.usage("record a --rejects a"))
    }),
    ("rejects-in-use", || Some(Fixture::new().usage("record --rejects - /dev/null"))),
    ("output-in-use", || Some(Fixture::with(DAY).shell("usage export >> usage.db"))),
    ("input-is-ledger", || Some(Fixture::with(DAY).usage("record usage.db"))),
    ("bad-before", || Some(Fixture::with(DAY).usage("prune --before 30"))),
    ("bad-before", || Some(Fixture::with(DAY).usage("retain --reset-horizon soon"))),
    ("bad-before", || Some(Fixture::with(DAY).usage("prune --before 2026-02-30"))),
    ("bad-before", || Some(Fixture::with(DAY).usage("prune --before 3months"))),
    ("bad-before", || Some(Fixture::with(DAY).usage("prune --before 2026-05-01T23:59:60Z"))),
    ("bad-before", || Some(Fixture::with(DAY).usage("retain --reset-horizon 2026-13-01"))),
    ("bad-age", || Some(Fixture::with(DAY).usage("status --backup-within 30"))),
    ("bad-age", || Some(Fixture::with(DAY).usage("retain --rows 1y"))),
    ("doubtful", || Some(Fixture::with(DAY).usage("--now 2036-01-01T00:00:00Z prune --before 1d"))),
    ("before-in-future", || Some(Fixture::with(DAY).usage("prune --before 2099-01-01"))),
    ("rows-gone", || {
        let fixture = Fixture::with(DAY);
        fixture.usage("prune --before 2026-05-03T09:15:00Z --keep-sums").stdout_of_success();
        Some(fixture.usage("report 2026-05-03T08:20:00Z..2026-05-04"))
    }),
    ("names-folded", || {
        let fixture = changed("INSERT INTO settings VALUES ('label_sets_a_month', '100')");
        let line = |n| {
            format!(
                r#"{{"instance_id":"i","route":"r","model":"n{n}","tokens":1,"timestamp":"2026-05-03T08:00:00Z"}}"#
            )
        };
        fixture.write("many", (0..200).map(line).collect::<Vec<_>>().join("\n"));
        fixture.usage("record many").stdout_of_success();
        fixture.usage("prune --before 2026-05-04 --keep-sums").stdout_of_success();
        Some(fixture.usage("report --model n199"))
    }),
    ("tags-gone", || {
        let fixture = Fixture::with(DAY);
        fixture.usage("prune --before 2026-05-04 --keep-sums").stdout_of_success();
        Some(fixture.usage("report --by tag:team"))
    }),
    ("bad-age", || Some(Fixture::with(DAY).usage("retain --rows soon"))),
    ("too-many-tags", || Some(Fixture::with(DAY).usage("tags --declare a,b,c,d,e,f,g,h,i"))),
    ("bad-policy", || Some(Fixture::with(DAY).usage("retain --rows 30d --sums 8d"))),
    ("bad-policy", || Some(Fixture::with(DAY).usage("retain --rows 30d --sessions 8d"))),
    ("bad-at", || Some(Fixture::with(DAY).usage("prices gpt-5 --at 2026-02-30"))),
    ("bad-at", || Some(Fixture::with(DAY).usage("prices gpt-5 --at noon"))),
    ("not-confirmed", || Some(Fixture::with(DAY).usage("reprice"))),
    ("not-confirmed", || Some(Fixture::with(DAY).usage("delete --all"))),
    ("not-confirmed", || Some(Fixture::with(DAY).usage("forget --user anna"))),
    ("no-name", || Some(Fixture::with(DAY).usage("forget --user (other) --yes"))),
    ("no-ledger", || Some(Fixture::new().usage("report"))),
    ("not-a-ledger", || Some(Fixture::new().usage("report --db home"))),
    ("newer-ledger", || Some(changed("PRAGMA user_version = 99").usage("doctor"))),
    ("older-ledger", || Some(of_version_4().usage("report"))),
    ("no-space", || {
        let script = "cp usage.db disk/; exec usage migrate disk/usage.db";
        on_a_small_disk(&of_version_4(), "1m", script)
    }),
    ("linked-ledger", || {
        let fixture = Fixture::with(DAY);
        fs::hard_link(fixture.path("usage.db"), fixture.path("other.db")).unwrap();
        let run = fixture.usage("delete --all --yes");
        assert_eq!(run.stdout, "", "nothing is announced that is not done");
        Some(run)
    }),
    ("migrated-meanwhile", migrated_meanwhile),
    ("no-data-folder", || without_a_home("report")),
    ("ledger-not-findable", || {
        let fixture = Fixture::with(DAY);
        Some(fixture.usage("record --db usage.db/usage.db"))
    }),
    ("ledger-not-findable", || {
        let name = "x".repeat(300);
        Some(Fixture::new().usage(&format!("report --db {name}")))
    }),
    ("cannot-create", || Some(Fixture::new().usage("record --db /proc/none/usage.db"))),
    ("cannot-create", || {
        let fixture = Fixture::new();
        fixture.write("a", DAY);
        allow(&fixture, "", 0o555);
        let run = as_a_plain_user(&fixture, "record a");
        allow(&fixture, "", 0o755);
        Some(run)
    }),
    ("file-exists", || Some(Fixture::with(DAY).usage("backup usage.db"))),
    ("ledger-locked", || locked("report")),
    ("disk-full", || {
        let fixture = Fixture::new();
        fixture.write("a", DAY);
        on_a_small_disk(&fixture, "8k", "usage record a --db disk/usage.db")
    }),
    ("read-only", || Some(without_permissions(0o444))),
    ("cannot-open", || Some(without_permissions(0))),
    ("read-write-failed", || {
        // No file may grow beyond 512 bytes.
        let script = "trap '' XFSZ; ulimit -f 1; exec usage delete --all --yes";
        Some(Fixture::with(&many(0, 1_000)).shell(script))
    }),
    ("sqlite-failed", || {
        let trigger = "CREATE TRIGGER no BEFORE UPDATE ON retention \
                       BEGIN SELECT RAISE(ABORT, 'closed for today'); END";
        Some(changed(trigger).usage("retain --rows 30d"))
    }),
    ("ledger-damaged", || Some(changed("DROP TABLE rollups_month").usage("report"))),
    ("foreign-log", || {
        let fixture = Fixture::with(DAY);
        fixture.usage("backup copy.db").stdout_of_success();
        // As it is while a program that writes has it open.
        let ledger = Connection::open(fixture.path("usage.db")).unwrap();
        ledger.execute_batch("UPDATE ledger SET next_record_id = next_record_id + 1").unwrap();
        fs::copy(fixture.path("usage.db-wal"), fixture.path("copy.db-wal")).unwrap();
        Some(fixture.usage("report --db copy.db"))
    }),
    ("ledger-in-use", || {
        let fixture = Fixture::with(DAY);
        fixture.usage("backup copy.db").stdout_of_success();
        let _store = usage_store::Store::open(fixture.path("usage.db")).unwrap();
        Some(fixture.usage("restore copy.db"))
    }),
    ("its-own-copy", || Some(Fixture::with(DAY).usage("restore usage.db"))),
    ("no-copy-of-it", || {
        let fixture = Fixture::with(DAY);
        fixture.usage_reading("record --db other.db", DAY).stdout_of_success();
        Some(fixture.usage("restore other.db --keep-later"))
    }),
    ("nothing-replaced", || Some(Fixture::with(DAY).usage("restore --undo"))),
    ("not-restored", || {
        let fixture = Fixture::with(DAY);
        fixture.usage("backup copy.db").stdout_of_success();
        fixture.write("usage.db.replaced-1", "");
        fs::create_dir(fixture.path("usage.db.restoring")).unwrap();
        fixture.write("usage.db.restoring/lock", "");
        fixture.write("usage.db.restoring/ready", "1/");
        Some(fixture.usage("restore copy.db"))
    }),
    ("journal-failed", || {
        let fixture = Fixture::with(DAY);
        // What cannot be opened as a file, by whomever.
        let segment = "usage.db.journal/00000000000000000000000000000001.segment";
        fs::create_dir_all(fixture.path(segment)).unwrap();
        Some(fixture.usage("delete --all --yes"))
    }),
    ("cannot-read", || Some(Fixture::new().usage("record missing"))),
    ("cannot-read", || Some(Fixture::new().usage("record --follow /dev/null"))),
    ("other-format", || {
        let fixture = Fixture::new();
        fixture.write("a.gz", b"\x1f\x8b\x08\0");
        Some(fixture.usage("record a.gz"))
    }),
    ("other-format", || Some(Fixture::new().usage_reading("record", "{\"resourceLogs\":[]}\n"))),
    ("bad-header", || Some(Fixture::new().usage_reading("record --format csv", "{}\n"))),
    ("bad-header", || {
        Some(Fixture::new().usage_reading("record", "instance_id,route,model,tokens\n"))
    }),
    ("bad-header", || Some(Fixture::new().usage_reading("record --format csv", "a,b\n"))),
    ("bad-header", || {
        let header = "instance_id,route,model,tokens,total\n";
        Some(Fixture::new().usage_reading("record --format csv", header))
    }),
    ("cannot-write", || Some(Fixture::new().usage("record --rejects no/where"))),
    ("cannot-write", || Some(Fixture::with(DAY).usage("man --dir usage.db"))),
    ("cannot-print", || Some(Fixture::new().shell("usage period > /dev/full"))),
    ("not-stored", || locked("record a")),
    ("in-journal", || locked("record < a")),
    ("interrupted", interrupted),
    ("served", serve::a_second_one),
    ("unprotected", || Some(Fixture::new().usage("serve --listen 0.0.0.0:0"))),
    ("cannot-listen", || Some(Fixture::new().usage("serve --listen 127.0.0.1:x"))),
    ("bad-tokens", || Some(Fixture::new().usage("serve --tokens none"))),
    ("bad-tokens", || Some(serve::with_tokens("all aaaaaaaaaaaaaaaaaaaa", 0o644))),
    ("bad-tokens", || Some(serve::with_tokens("all short", 0o600))),
    ("bad-tokens", || Some(serve::with_tokens("# none", 0o600))),
    ("bad-endpoint", || Some(Fixture::new().usage("setup codex --check --endpoint https://x"))),
    ("test-lost", || {
        Some(Fixture::new().usage("setup codex --check --endpoint http://127.0.0.1:1"))
    }),
    ("test-refused", || Some(serve::answering("401 Unauthorized"))),
    ("test-refused", || Some(serve::answering("404 Not Found"))),
    ("not-an-engine", || Some(Fixture::with(DAY).usage("ship mysql://host/usage"))),
    ("needs-ledger", || Some(Fixture::new().usage("vacuum --db clickhouse://127.0.0.1:1/x"))),
    ("engine-away", || Some(Fixture::new().usage("report --db clickhouse://127.0.0.1:1/x"))),
    ("nothing-to-write", || Some(Fixture::new().usage("setup litellm --write"))),
    ("not-editable", || {
        let fixture = Fixture::new();
        fs::create_dir(fixture.path("home/.claude")).unwrap();
        fixture.write("home/.claude/settings.json", "{ // a remark\n}");
        Some(fixture.usage("setup claude-code --write"))
    }),
    ("nothing-deleted", || {
        let run = on_a_terminal(&Fixture::with(DAY), "usage delete --all", "no\n")?;
        // On a terminal all is one stream, and the answer ends no line there.
        Some(Run { stderr: run.stdout.replace("them: ", "them: \n"), ..run })
    }),
    ("nothing-forgotten", || {
        let run = on_a_terminal(&Fixture::with(DAY), "usage forget --user anna", "no\n")?;
        Some(Run { stderr: run.stdout.replace("forget it: ", "forget it: \n"), ..run })
    }),
    ("not-wiped", || {
        let fixture = Fixture::with(DAY);
        let reader = Connection::open(fixture.path("usage.db")).unwrap();
        reader.execute_batch("BEGIN; SELECT count(*) FROM records").unwrap();
        Some(fixture.usage("forget --user anna --yes --quiet"))
    }),
    ("nothing-repriced", || {
        let run = on_a_terminal(&with_own_prices(), "usage reprice", "no\n")?;
        Some(Run { stderr: run.stdout.replace("anew: ", "anew: \n"), ..run })
    }),
    ("not-a-book", || Some(putting("--set", "[[price]]\nmodell = 'm'"))),
    ("not-own-prices", || Some(putting("--set", "usage-prices 1\n"))),
    ("not-shipped-prices", || Some(putting("--update", "[[price]]\nmodel = 'm'"))),
    ("not-reduced", || Some(putting("--update", "{\"anthropic\":{}}"))),
    ("older-book", || {
        let sql = "UPDATE books SET date = '2099-01-01', content = 'usage-prices 1', checksum = 0";
        let ledger = changed(sql);
        ledger.write("book", include_str!("../../crates/usage-prices/books/direct.txt"));
        // What is damaged gives way; what is whole does not.
        ledger.usage("prices --update book").stdout_of_success();
        let older = include_str!("../../crates/usage-prices/books/direct.txt");
        ledger.write("book", older.replacen("\ndate 20", "\ndate 19", 1));
        Some(ledger.usage("prices --update book"))
    }),
    ("unreadable-books", || {
        Some(changed("UPDATE books SET date = '2099-01-01', content = ''").usage("prices gpt-5"))
    }),
    ("no-home", || without_a_home("import ccrouter")),
    ("no-such-name", || Some(Fixture::new().usage("statusline --check --format {nope}"))),
    ("no-agents", || Some(Fixture::new().usage("import agents"))),
    ("no-logs", || Some(Fixture::new().usage("import codex"))),
    ("no-logs", || Some(Fixture::new().usage("import codex missing"))),
    ("no-origin", || Some(Fixture::new().usage("import ccrouter missing"))),
    ("not-an-origin", || Some(Fixture::with(DAY).usage("import ccrouter usage.db --db other.db"))),
    ("origin-not-readable", || {
        Some(Fixture::with(DAY).usage("import ccrouter usage.db/usage.db --db other.db"))
    }),
    ("origin-not-readable", || {
        let fixture = import::with_rows("");
        let path = fixture.path("home/.cc-modelrouter/usage.db");
        let origin = Connection::open(path).unwrap();
        origin.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
        Some(fixture.usage("import ccrouter"))
    }),
    ("origin-not-readable", || {
        let fixture = import::with_rows("");
        let path = fixture.path("home/.cc-modelrouter/usage.db");
        let fill = "PRAGMA journal_mode = DELETE; WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL \
                    SELECT id + 1 FROM n WHERE id < 5000) INSERT INTO usage_records \
                    SELECT id, 'i', '', '', 'r', 'm', 1, 0, '2026-05-03 05:56:01' FROM n";
        Connection::open(&path).unwrap().execute_batch(fill).unwrap();
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(10 * 4_096).unwrap();
        Some(fixture.usage("import ccrouter"))
    }),
    ("not-stored", || {
        let fixture = changed(DAMAGED_SUMS);
        fixture.write("a", DAY);
        Some(fixture.usage("record a"))
    }),
    ("in-journal", || Some(changed(DAMAGED_SUMS).usage_reading("record", DAY))),
    ("sums-damaged", || Some(changed(DAMAGED_SUMS).usage("report"))),
    ("records-changed", || {
        let sql = "UPDATE records SET input = input + 1";
        Some(changed(sql).usage("report 2026-05-03T08:20:00Z..2026-05-04"))
    }),
    ("ledger-damaged", || Some(changed("UPDATE records SET input = -5").usage("export"))),
    ("ledger-damaged", || {
        let fixture = Fixture::with(&many(0, 5_000));
        let file = fs::File::options().write(true).open(fixture.path("usage.db")).unwrap();
        file.set_len(5 * 4_096).unwrap();
        Some(fixture.usage("report"))
    }),
    ("ledger-unsound", || Some(changed("DROP VIEW usage_records").usage("doctor"))),
    ("ledger-unsound", || Some(changed("DELETE FROM label_sets").usage("doctor"))),
];

/// Those that have a story of their own, or that none can bring about: a test beside the code has most of these.
const ELSEWHERE: [&str; 11] = [
    "no-terminal",
    "no-space-in-place",
    "import-interrupted",
    "follow-failed",
    "old-sqlite",
    "system-refused",
    "origin-unsettled",
    "ledger-replaced",
    "sums-newer",
    "prices-damaged",
    "prices-newer",
];

/// Several wait for a lock until the command gives up, so all are brought about at once.
#[test]
fn every_kind_says_what_the_reference_says() {
    let rows = rows();
    let told: BTreeSet<_> = thread::scope(|scope| {
        let causes = CAUSES.iter().map(|(kind, cause)| (*kind, scope.spawn(cause)));
        let causes: Vec<_> = causes.collect();
        let told = causes.into_iter().filter_map(|(kind, cause)| {
            let run = cause.join().unwrap_or_else(|_| panic!("{kind} could not be brought about"));
            Some((kind, position(&rows, kind, &run?)))
        });
        told.collect()
    });
    let skipped: Vec<_> = rows
        .iter()
        .enumerate()
        .filter(|(at, row)| !told.contains(&(row.kind, *at)) && !ELSEWHERE.contains(&row.kind))
        .map(|(_, row)| row.kind)
        .collect();
    // What this machine does not allow for, and nothing else.
    let may_be: [&str; 7] = [
        "no-data-folder",
        "no-home",
        "disk-full",
        "no-space",
        "nothing-deleted",
        "nothing-forgotten",
        "nothing-repriced",
    ];
    assert!(skipped.iter().all(|kind| may_be.contains(kind)), "in no story: {skipped:?}");
}

/// A ledger whose records would be priced otherwise by its user's own prices.
fn with_own_prices() -> Fixture {
    let fixture = Fixture::with(DAY);
    fixture.write("own", "[[price]]\nmodel = 'claude-*'\ninput = '1'\noutput = '1'\n");
    fixture.usage("prices --set own").stdout_of_success();
    fixture
}

fn putting(option: &str, content: &str) -> Run {
    let fixture = Fixture::with(DAY);
    fixture.write("book", content);
    fixture.usage(&format!("prices {option} book"))
}

/// The row that the run agrees with.
fn position(rows: &[Row], kind: &str, run: &Run) -> usize {
    let (message, hint) = told(run).unwrap_or_else(|| panic!("{kind}: no error: {run}"));
    let agrees = |row: &Row| row.kind == kind && row.has_shape_of(run.code, message, hint);
    rows.iter().position(agrees).unwrap_or_else(|| {
        let expected: Vec<_> = rows.iter().filter(|row| row.kind == kind).collect();
        panic!("{kind} is not as the reference says, {expected:#?}: {run}")
    })
}

/// The last error that a run tells of, and its hint.
fn told(run: &Run) -> Option<(&str, &str)> {
    let lines: Vec<_> = run.stderr.lines().collect();
    let at = lines.iter().rposition(|line| line.starts_with("error: "))?;
    let hint = lines.get(at + 1).and_then(|line| line.strip_prefix("hint: ")).unwrap_or("");
    Some((&lines[at]["error: ".len()..], hint))
}

/// Whatever a story brings about, and be it by the way, is in the reference and tells nothing twice.
pub(crate) fn check(run: &Run) {
    static ROWS: LazyLock<Vec<Row>> = LazyLock::new(rows);
    let Some((message, hint)) = told(run) else { return };
    let is_known = ROWS.iter().any(|row| row.has_shape_of(run.code, message, hint));
    assert!(is_known, "the reference has no row for this error: {run}");
    let parts: Vec<_> = message.split(": ").collect();
    let is_told_twice = parts.windows(2).any(|pair| pair[0] == pair[1]);
    assert!(!is_told_twice, "a cause is told twice: {run}");
}

impl Row {
    fn has_shape_of(&self, code: i32, message: &str, hint: &str) -> bool {
        self.code == code && has_shape(message, self.message) && has_shape(hint, self.hint)
    }
}

/// Returns whether a text is that of the reference, where what stands in angle brackets is anything.
fn has_shape(text: &str, shape: &str) -> bool {
    let mut parts = shape.split('<').enumerate().map(|(at, part)| match at {
        0 => part,
        _ => part.split_once('>').unwrap().1,
    });
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap()) else { return false };
    let mut last = None;
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        // The last part ends the text, however often it stands before.
        let is_last = parts.peek().is_none() && !part.is_empty();
        let found = if is_last { rest.rfind(part) } else { rest.find(part) };
        let Some(at) = found.filter(|at| *at > 0 || part.is_empty()) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    // Anything may stand at the end where the shape ends with it.
    rest.is_empty() || last == Some("")
}

fn rows() -> Vec<Row> {
    let (kinds, _codes) = REFERENCE.split_once("### Codes").unwrap();
    let rows = kinds.lines().filter(|line| line.starts_with("| `"));
    let rows = rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(plain).collect();
        let [kind, code, message, hint] = cells[..] else { panic!("four cells: {line}") };
        Row { kind, code: code.parse().unwrap(), message, hint }
    });
    rows.collect()
}

/// A cell without the marks of code.
fn plain(cell: &'static str) -> &'static str {
    let cell = cell.trim();
    match cell.strip_prefix("`` ").and_then(|cell| cell.strip_suffix(" ``")) {
        Some(code) => code,
        None => cell.trim_matches('`'),
    }
}

#[test]
fn shapes() {
    assert!(has_shape("a", "a") && !has_shape("ab", "a") && !has_shape("b", "a"));
    assert!(has_shape("no x at y", "no <x> at <y>") && !has_shape("no x", "no <x> at <y>"));
    assert!(has_shape("", "") && !has_shape("a", "") && has_shape("a", "<a>"));
    assert!(!has_shape("no x at y.", "no <x> at y"));
    assert!(
        has_shape("no x (1) (a/b)", "no <x> (<code>)") && !has_shape("no x", "no <x> (<code>)")
    );
}

/// Sums that cannot be read any more.
const DAMAGED_SUMS: &str = "UPDATE rollups_quarter SET cells = x'00'; \
                            UPDATE rollups_month SET cells = x'00'";

/// A ledger that was changed past the command.
fn changed(sql: &str) -> Fixture {
    let fixture = Fixture::with(DAY);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.execute_batch(sql).unwrap();
    ledger.close().unwrap();
    fixture
}

/// With a ledger that an earlier version has made.
pub(crate) fn of_version_4() -> Fixture {
    let fixture = Fixture::new();
    fixture
        .write("usage.db", include_bytes!("../../crates/usage-store/tests/fixtures/version-4.db"));
    fixture
}

/// While another process has it for itself.
fn locked(command: &str) -> Option<Run> {
    let fixture = Fixture::with(DAY);
    fixture.write("a", many(0, 2));
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    let sql = if command == "report" {
        "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"
    } else {
        "BEGIN IMMEDIATE"
    };
    ledger.execute_batch(sql).unwrap();
    Some(fixture.shell(&format!("exec usage {command}")))
}

/// All was stored; the report comes too late.
fn migrated_meanwhile() -> Option<Run> {
    let fixture = Fixture::new();
    let mut record = fixture.start("record --report");
    record.write(many(0, 5));
    eventually("everything stored", || fixture.stored() == 5);
    let ledger = Connection::open(fixture.path("usage.db")).unwrap();
    ledger.pragma_update(None, "user_version", SCHEMA_VERSION + 1).unwrap();
    record.end_input();
    Some(record.finish())
}

fn interrupted() -> Option<Run> {
    let fixture = Fixture::new();
    let mut record = fixture.start("record");
    record.write(many(0, 5));
    eventually("everything stored", || fixture.stored() == 5);
    record.signal("TERM");
    Some(record.finish())
}

/// As a user whom the system does not know, which only the superuser can become.
fn without_a_home(command: &str) -> Option<Run> {
    const UNKNOWN: u32 = 54_321;
    let fixture = Fixture::new().unset("USAGE_DB").unset("HOME");
    if fixture.path("home").metadata().unwrap().uid() != 0 {
        skipped("only the superuser can become a user without a home");
        return None;
    }
    allow(&fixture, "", 0o755);
    let mut program = fixture.program(&program_for_all(&fixture));
    program.args(command.split_whitespace()).uid(UNKNOWN).gid(UNKNOWN);
    Some(fixture.finished(program.output().unwrap()))
}

/// A ledger of that mode in a folder that cannot be written.
fn without_permissions(mode: u32) -> Run {
    let fixture = Fixture::with(DAY);
    allow(&fixture, "usage.db", mode);
    allow(&fixture, "", 0o555);
    let run = as_a_plain_user(&fixture, "delete --all --yes");
    allow(&fixture, "", 0o755);
    run
}
