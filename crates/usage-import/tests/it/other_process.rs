//! This test binary again, as the program that owns the origin.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::support::INSERT;

const ROLE: &str = "USAGE_IMPORT_TEST_ROLE";
const ORIGIN: &str = "USAGE_IMPORT_TEST_ORIGIN";
const READY: &str = "the origin is ready";

/// The number of rows that the writer adds, and the number a second.
pub(crate) const ROWS: i64 = 2_000;
const ROWS_A_SECOND: f64 = 1_000.0;

/// Another process that has the origin open.
pub(crate) struct OtherProcess {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl OtherProcess {
    /// Starts it, and waits until it has done what its role begins with.
    pub(crate) fn start(role: &str, origin: &Path) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command
            .args(["--exact", "other_process::play_a_role", "--nocapture"])
            .env(ROLE, role)
            .env(ORIGIN, origin)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take().unwrap());
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        while !line.contains(READY) {
            line.clear();
            assert!(stdout.read_line(&mut line).unwrap() > 0, "it ended too early");
        }
        Self { child, stdin, stdout }
    }

    /// Has the one that writes go on after its first row.
    pub(crate) fn go_on(&mut self) {
        self.stdin.as_mut().unwrap().write_all(b"go on\n").unwrap();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Has it close the origin and end, and fails if it met any error.
    pub(crate) fn end(mut self) {
        drop(self.stdin.take());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        assert!(self.child.wait().unwrap().success(), "{rest}");
    }

    /// Kills it: nothing is closed.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Not a test: what the other process does. Without a role it does nothing.
#[test]
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn play_a_role() {
    let (Some(role), Some(path)) = (env::var_os(ROLE), env::var_os(ORIGIN)) else { return };
    let connection = Connection::open(path).unwrap();
    // Whoever makes it wait makes it fail.
    connection.busy_timeout(Duration::ZERO).unwrap();
    let execute = |sql: &str| connection.execute_batch(sql).unwrap();
    let add = |number: i64| {
        connection.execute(INSERT, [number]).unwrap();
    };
    match role.to_str().unwrap() {
        "has it open" => {
            execute("PRAGMA wal_autocheckpoint = 0");
            (1..=50).for_each(add);
        }
        "writes" => add(1),
        "has it alone" => {
            execute("PRAGMA locking_mode = EXCLUSIVE");
            add(1);
        }
        "has it locked" => execute("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE"),
        "is in a transaction" => {
            execute("PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; BEGIN");
            (1_001..=3_000).for_each(add);
        }
        role => panic!("no such role: {role}"),
    }
    println!("{READY}");
    if role == "writes" {
        std::io::stdin().read_line(&mut String::new()).unwrap();
        let start = Instant::now();
        for number in 2..=ROWS {
            let due = Duration::from_secs_f64(number as f64 / ROWS_A_SECOND);
            // sleep: the rate is what is asked for.
            thread::sleep(due.saturating_sub(start.elapsed()));
            add(number);
        }
    }
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    drop(connection);
}
