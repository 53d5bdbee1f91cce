//! Command lines that are wrong, and inputs that are not there: nothing is done then.

use crate::fixture::Fixture;
use crate::lines::many;

#[test]
fn wrong_command_lines_are_exit_code_2() {
    let fixture = Fixture::new();
    let mut all = String::new();
    for arguments in [
        "perid",
        "report today yesterday",
        "report --format xml",
        "report --porvider openai",
        "period -5",
        "report --db",
        "period --week-start tuesday",
        "record --no-such-option",
        "record --quiet --verbose",
        "completions",
        "completions tcsh",
        "--color sometimes report",
    ] {
        let run = fixture.usage(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments}: {run}");
        let message = run.stderr.lines().next().unwrap();
        assert!(message.starts_with("error: "), "{arguments}: {run}");
        all += &format!("usage {arguments}\n{}\n", run.stderr);
    }
    insta::assert_snapshot!(all);
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn inputs_that_are_not_there() {
    let fixture = Fixture::new();
    fixture.write("good", many(0, 3));
    insta::assert_snapshot!(fixture.usage("record good missing"), @"
    exit 1
    --- stderr
    error: cannot read missing: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(fixture.usage("record good home"), @"
    exit 1
    --- stderr
    error: cannot read home: it is a folder
    ");
    insta::assert_snapshot!(fixture.usage("record good/deeper"), @"
    exit 1
    --- stderr
    error: cannot read good/deeper: Not a directory (os error 20)
    ");
    // Looked at before anything is read: half a job would be worse than none.
    assert_eq!(fixture.files(), ["good"]);
}

/// Checks that what was stored before is there after every failure.
#[test]
fn a_failure_leaves_the_ledger_as_it_was() {
    let fixture = Fixture::with(&many(0, 3));
    for arguments in [
        "record missing",
        "record --rejects no/where good",
        "record --follow",
        "record --timezone Nowhere",
        "record --now never",
        "report nonsense",
        "report --timezone Nowhere",
        "nonsense",
    ] {
        let run = fixture.usage(arguments);
        assert!([1, 2].contains(&run.code), "{arguments}: {run}");
        assert_eq!(fixture.totals(), (3, 3), "{arguments}");
    }
}

#[test]
fn names_that_are_not_utf_8_are_files_like_others() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    let fixture = Fixture::new();
    let name = OsStr::from_bytes(b"caf\xe9.ndjson");
    std::fs::write(fixture.path("").join(name), format!("{}oops\n", many(0, 3))).unwrap();
    let run = fixture.usage_of([OsString::from("record"), name.to_owned()]);
    insta::assert_snapshot!(run, @"
    exit 3
    --- stdout
    Lines: 4  |  Stored: 3  |  Duplicates: 0  |  Refused: 1
    --- stderr
    caf�.ndjson:4: not JSON: expected value (column 1)
    ");
    let run = fixture.usage_of([OsStr::new("period"), name]);
    assert_eq!(run.code, 2, "{run}");
}
