//! `--follow`: a file that grows, is cut, is replaced.

use std::fs::{self, File};
use std::io::Write;

use crate::fixture::Fixture;
use crate::lines::many;
use crate::process::{Background, eventually};

/// A fixture, and the file `log` in it.
struct Log {
    fixture: Fixture,
}

impl Log {
    fn new(text: &str) -> Self {
        let fixture = Fixture::new();
        fixture.write("log", text);
        Self { fixture }
    }

    fn follow(&self, options: &str) -> Background<'_> {
        self.fixture.start(&format!("record --follow log {options}"))
    }

    fn append(&self, text: &str) {
        let mut file = File::options().append(true).open(self.fixture.path("log")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn wait_for(&self, records: u64) {
        eventually(&format!("{records} records stored"), || self.fixture.stored() == records);
    }
}

#[test]
fn a_growing_file() {
    let log = Log::new(&many(0, 2));
    let follow = log.follow("");
    log.wait_for(2);
    log.append(&many(2, 3));
    log.wait_for(5);
    log.append(&many(5, 1));
    log.wait_for(6);
    follow.signal("TERM");
    insta::assert_snapshot!(follow.finish(), @"
    exit 0
    --- stdout
    Lines: 6  |  Stored: 6  |  Duplicates: 0  |  Refused: 0
    ");
}

#[test]
fn half_a_line_waits_for_its_other_half() {
    let log = Log::new("");
    let follow = log.follow("");
    let lines = many(0, 2);
    let (first, half) = lines.split_at(lines.len() - 30);
    log.append(first);
    log.wait_for(1);
    log.append(half);
    log.wait_for(2);
    follow.signal("INT");
    let run = follow.finish();
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 2  |  Stored: 2  |  Duplicates: 0  |  Refused: 0\n"
    );
}

/// As log rotation does it, with and without a moment in which there is no file.
#[test]
fn a_file_that_is_replaced() {
    let log = Log::new(&many(0, 4));
    let follow = log.follow("");
    log.wait_for(4);
    log.fixture.write("next", many(4, 1));
    fs::rename(log.fixture.path("next"), log.fixture.path("log")).unwrap();
    log.wait_for(5);
    fs::rename(log.fixture.path("log"), log.fixture.path("log.1")).unwrap();
    log.fixture.write("log", many(5, 2));
    log.wait_for(7);
    follow.signal("TERM");
    let run = follow.finish();
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 7  |  Stored: 7  |  Duplicates: 0  |  Refused: 0\n"
    );
}

/// Started again, it goes on where it was: also in the file that the log was meanwhile. Killed, it has stored what
/// its cursor says, no more and no less.
#[test]
fn a_restart_goes_on_where_it_was() {
    let log = Log::new(&many(0, 4));
    let killed = log.follow("");
    log.wait_for(4);
    drop(killed);
    log.append(&many(4, 1));
    fs::rename(log.fixture.path("log"), log.fixture.path("log.2")).unwrap();
    log.fixture.write("log.1", many(5, 2));
    log.fixture.write("log", many(7, 1));
    let follow = log.follow("");
    log.wait_for(8);
    follow.signal("TERM");
    assert_eq!(
        follow.finish().stdout_of_success(),
        "Lines: 4  |  Stored: 4  |  Duplicates: 0  |  Refused: 0\n"
    );
}

/// Checks that what cannot be found any more is told.
#[test]
fn a_log_that_was_cut_meanwhile() {
    let log = Log::new(&many(0, 4));
    let follow = log.follow("");
    log.wait_for(4);
    follow.signal("TERM");
    let read = log.fixture.read("log").len();
    assert_eq!(follow.finish().code, 0);
    log.fixture.write("log", many(4, 1));
    let follow = log.follow("");
    log.wait_for(5);
    follow.signal("TERM");
    assert_eq!(
        follow.finish().to_string(),
        format!(
            "exit 0\n--- stdout\nLines: 1  |  Stored: 1  |  Duplicates: 0  |  Refused: 0\n--- stderr\n\
             log: what came behind byte {read} cannot be found: it was cut or written anew, and there is no \
             copy\n"
        )
    );
}

/// Checks that what was written to the old file just before it was replaced is read as well.
#[test]
fn a_replaced_file_is_read_to_its_end() {
    let log = Log::new(&many(0, 1));
    let follow = log.follow("");
    log.wait_for(1);
    for round in 1..6 {
        log.append(&many(round * 100, 2));
        log.fixture.write("next", many(round * 100 + 50, 1));
        fs::rename(log.fixture.path("next"), log.fixture.path("log")).unwrap();
        log.wait_for(1 + round * 3);
    }
    follow.signal("TERM");
    assert_eq!(follow.finish().code, 0);
}

#[test]
fn a_file_that_is_cut() {
    let log = Log::new(&many(0, 4));
    let follow = log.follow("");
    log.wait_for(4);
    log.fixture.write("log", many(4, 1));
    log.wait_for(5);
    log.append(&many(5, 1));
    log.wait_for(6);
    follow.signal("TERM");
    let run = follow.finish();
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 6  |  Stored: 6  |  Duplicates: 0  |  Refused: 0\n"
    );
}

/// A line that was never finished is refused by itself; it does not spoil the first one of the
/// file that comes next.
#[test]
fn half_a_line_ends_with_its_file() {
    let log = Log::new(&format!("{}{{\"half", many(0, 1)));
    let follow = log.follow("--rejects bad");
    log.wait_for(1);
    log.fixture.write("next", many(1, 2));
    fs::rename(log.fixture.path("next"), log.fixture.path("log")).unwrap();
    log.wait_for(3);
    // Read in one go: where the line is stored, the half behind it has been read.
    log.append(&format!("{}{{\"another", many(3, 1)));
    log.wait_for(4);
    log.fixture.write("log", "");
    eventually("it was seen to be cut", || log.fixture.read("bad").ends_with(b"another\n"));
    log.append(&many(4, 1));
    log.wait_for(5);
    follow.signal("TERM");
    insta::assert_snapshot!(follow.finish(), @"
    exit 3
    --- stdout
    Lines: 7  |  Stored: 5  |  Duplicates: 0  |  Refused: 2
    --- stderr
    log:2: not JSON: EOF while parsing a string (column 6)
    log:6: not JSON: EOF while parsing a string (column 9)
    ");
    assert_eq!(log.fixture.read("bad"), b"{\"half\n{\"another\n");
}

#[test]
fn refused_lines_are_named_and_the_exit_code_says_so() {
    let log = Log::new(&format!("{}oops\n", many(0, 1)));
    let follow = log.follow("--rejects bad");
    log.wait_for(1);
    log.append(&format!("{}{{}}\n{}", many(1, 1), many(2, 1)));
    log.wait_for(3);
    follow.signal("TERM");
    insta::assert_snapshot!(follow.finish(), @"
    exit 3
    --- stdout
    Lines: 5  |  Stored: 3  |  Duplicates: 0  |  Refused: 2
    --- stderr
    log:2: not JSON: expected value (column 1)
    log:4: missing field `instance_id` (column 2)
    ");
    assert_eq!(log.fixture.read("bad"), b"oops\n{}\n");
}

/// A refused line ends it where that was asked for.
#[test]
fn strict_ends_it() {
    let log = Log::new(&many(0, 1));
    let follow = log.follow("--strict");
    log.wait_for(1);
    log.append("oops\n");
    log.append(&many(1, 1));
    insta::assert_snapshot!(follow.finish(), @"
    exit 3
    --- stdout
    Lines: 2  |  Stored: 1  |  Duplicates: 0  |  Refused: 1
    --- stderr
    log:2: not JSON: expected value (column 1)
    ");
    assert_eq!(log.fixture.stored(), 1);
}

#[test]
fn it_takes_one_file_that_is_there() {
    let fixture = Fixture::new();
    fixture.write("a", "");
    fixture.write("b", "");
    for arguments in ["a b", "", "-", "a -"] {
        let run = fixture.usage(&format!("record --follow {arguments}"));
        assert_eq!(run.to_string(), "exit 2\n--- stderr\nerror: --follow takes exactly one FILE\n");
    }
    insta::assert_snapshot!(fixture.usage("record --follow missing"), @"
    exit 1
    --- stderr
    error: cannot read missing: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(fixture.usage("record --follow home"), @"
    exit 1
    --- stderr
    error: cannot read home: it is a folder
    ");
    insta::assert_snapshot!(fixture.usage("record --follow a --report"), @"
    exit 2
    --- stderr
    error: the argument '--follow' cannot be used with '--report'
    hint: `usage record --help` lists what there is
    ");
    assert_eq!(fixture.files(), ["a", "b"]);
}
