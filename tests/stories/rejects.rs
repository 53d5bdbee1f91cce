//! `--strict` and `--rejects`: what becomes of lines that are refused.

use crate::fixture::Fixture;
use crate::lines::{events, many};

#[test]
fn strict_stops_at_the_first() {
    let fixture = Fixture::new();
    fixture.write("a", format!("{}oops\n{}never read\n", many(0, 2), many(2, 3)));
    fixture.write("b", many(10, 5));
    insta::assert_snapshot!(fixture.usage("record --strict a b"), @"
    exit 3
    --- stdout
    Lines: 3  |  Stored: 2  |  Duplicates: 0  |  Refused: 1
    --- stderr
    a:3: not JSON: expected value (column 1)
    ");
    assert_eq!(fixture.totals(), (2, 2));
}

/// Checks that what the ledger refuses is found out a little later: nothing after that is read, and
/// all is accounted for.
#[test]
fn strict_stops_at_a_conflict_too() {
    let fixture = Fixture::with(&events(0, 1));
    let conflict = events(0, 1).replace("\"tokens\":1", "\"tokens\":2");
    fixture.write("a", format!("{conflict}{}", many(100, 300_000)));
    let run = fixture.usage("record --strict a");
    assert_eq!(run.code, 3, "{run}");
    assert_eq!(run.stderr.lines().count(), 1, "{run}");
    assert!(run.stderr.starts_with("a:1: "), "{run}");
    let stored = fixture.stored() - 1;
    assert!(stored < 300_000, "{run}");
    let accounts = run.stdout.replace(',', "");
    assert!(accounts.contains(&format!("Lines: {}  |  Stored: {stored}  |", stored + 1)), "{run}");
}

#[test]
fn strict_is_content_with_good_lines() {
    let fixture = Fixture::new();
    let run = fixture.usage_reading("record --strict", many(0, 3));
    assert_eq!(
        run.stdout_of_success(),
        "Lines: 3  |  Stored: 3  |  Duplicates: 0  |  Refused: 0\n"
    );
}

/// Byte for byte as they came, whatever they hold, and only the refused ones; for nobody else to read.
#[test]
fn rejects_are_kept_as_they_came() {
    use std::os::unix::fs::PermissionsExt as _;
    let fixture = Fixture::new();
    let huge = vec![b'x'; 10_000_000];
    let bad: [&[u8]; 6] =
        [b"oops", b"  {\"tokens\": 1}\t\r", b"\xff\xfe not UTF-8", b"nul \0 byte", &huge, b"{"];
    let (mut input, mut expected) = (Vec::new(), Vec::new());
    for (line, good) in bad.iter().zip(many(0, 6).lines()) {
        input.extend([good.as_bytes(), b"\n", line, b"\n"].concat());
        expected.extend([line, &b"\n"[..]].concat());
    }
    fixture.write("a", &input);
    let run = fixture.usage("record a --rejects bad");
    insta::assert_snapshot!(run, @"
    exit 3
    --- stdout
    Lines: 12  |  Stored: 6  |  Duplicates: 0  |  Refused: 6
    --- stderr
    a:2: not JSON: expected value (column 1)
    a:4: missing field `instance_id` (column 15)
    a:6: not UTF-8 from byte 1 on
    a:8: not JSON: expected ident (column 4)
    a:10: the line is longer than 65536 bytes
    a:12: not JSON: EOF while parsing an object (column 1)
    ");
    assert!(fixture.read("bad") == expected, "the rejects differ");
    assert_eq!(fixture.path("bad").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fixture.totals(), (6, 6));

    // The file grows; and what is in it can be recorded again once it is mended.
    let run = fixture.usage_reading("record --rejects bad", "again\n");
    assert_eq!(run.code, 3, "{run}");
    assert!(fixture.read("bad") == [&expected[..], b"again\n"].concat(), "the rejects differ");
}

/// The last line of a file need not end: the refused one does, so that the next stands apart.
#[test]
fn a_reject_without_a_line_end_gets_one() {
    let fixture = Fixture::new();
    for _ in 0..2 {
        assert_eq!(fixture.usage_reading("record --rejects bad", "{\"half").code, 3);
    }
    assert_eq!(fixture.read("bad"), b"{\"half\n{\"half\n");
}

#[test]
fn without_refusals_the_file_is_there_and_empty() {
    let fixture = Fixture::new();
    let run = fixture.usage_reading("record --rejects bad", many(0, 1));
    assert_eq!(run.code, 0, "{run}");
    assert_eq!(fixture.read("bad"), b"");
}

/// A record that the ledger refuses is written anew, and means the same.
#[test]
fn a_conflicting_record_is_kept_too() {
    let fixture = Fixture::with(&events(0, 2));
    let conflict = events(1, 1).replace("\"tokens\":1", "\"tokens\":2");
    let run = fixture.usage_reading("record --rejects bad", format!("oops\n{conflict}"));
    assert_eq!(run.code, 3, "{run}");
    let kept = String::from_utf8(fixture.read("bad")).unwrap();
    insta::assert_snapshot!(kept, @r#"
    oops
    {"instance_id":"i","profile":"","provider":"","route":"r","model":"m1","tokens":2,"fallbacks":0,"timestamp":"2026-05-01T00:00:01.000000Z","event_id":"event-1"}
    "#);
    let other = Fixture::new();
    let kept = kept.lines().last().unwrap();
    assert_eq!(other.usage_reading("record", kept).code, 0);
    assert_eq!(other.totals(), (1, 2));
}

#[test]
fn a_rejects_file_that_cannot_be_made_stops_everything_before_it_begins() {
    let fixture = Fixture::new();
    insta::assert_snapshot!(fixture.usage_reading("record --rejects no/where", many(0, 1)), @"
    exit 1
    --- stderr
    error: cannot write no/where: No such file or directory (os error 2)
    ");
    insta::assert_snapshot!(fixture.usage_reading("record --rejects home", many(0, 1)), @"
    exit 1
    --- stderr
    error: cannot write home: Is a directory (os error 21)
    ");
    assert_eq!(fixture.files(), [""; 0]);
}

/// Refused lines that cannot be kept must not be lost in silence.
#[test]
fn a_rejects_file_that_cannot_be_written_stops_the_reading() {
    let fixture = Fixture::new();
    let input = format!("{}oops\n{}", many(0, 2), many(2, 5));
    insta::assert_snapshot!(fixture.usage_reading("record --rejects /dev/full", input), @"
    exit 1
    --- stdout
    Lines: 3  |  Stored: 2  |  Duplicates: 0  |  Refused: 1
    --- stderr
    standard input:3: not JSON: expected value (column 1)
    error: cannot write /dev/full: No space left on device (os error 28)
    ");
    assert_eq!(fixture.totals(), (2, 2));
}

/// Else a refused line would be read again, and refused again, for ever; or the ledger would be spoilt. Told
/// before anything is read or made.
#[test]
fn rejects_that_are_an_input_or_the_ledger() {
    let fixture = Fixture::with(&many(0, 1));
    fixture.write("bad", "oops\n");
    fixture.write("good", many(1, 1));
    std::fs::hard_link(fixture.path("bad"), fixture.path("other")).unwrap();
    std::os::unix::fs::symlink("bad", fixture.path("link")).unwrap();
    let before = fixture.files();
    for arguments in [
        "record bad --rejects bad",
        "record good bad --rejects other",
        "record bad --rejects link",
        "record link --rejects ./bad",
        "record --follow bad --rejects bad",
        "record --follow bad --rejects link",
        "record --follow link --rejects other",
        "record --follow bad --rejects bad.1",
        "record good --rejects usage.db",
        "record --follow good --rejects usage.db",
        "record good --rejects usage.db-wal",
        "record good --rejects usage.db.journal/x",
    ] {
        let run = fixture.usage(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{arguments}: {run}");
        assert!(run.stderr.starts_with("error: --rejects names "), "{arguments}: {run}");
    }
    let run = fixture.shell("usage record --rejects bad < bad");
    insta::assert_snapshot!(run, @"
    exit 2
    --- stderr
    error: --rejects names bad, which is read by this command
    hint: name a file of its own for what is refused
    ");
    assert_eq!((fixture.files(), fixture.stored()), (before, 1));
    assert_eq!(fixture.read("bad"), b"oops\n");
    // Neither is a ledger that is not there yet.
    let run = Fixture::new().usage_reading("record --rejects usage.db", "oops");
    assert_eq!(run.code, 2, "{run}");
    // A terminal or a device may be both.
    assert_eq!(fixture.usage("record --rejects /dev/null /dev/null").code, 0);
}

/// Neither what is printed nor what is complained of may go into the ledger, or into what is read: it would spoil the
/// one, and never end in the other.
#[test]
fn standard_streams_that_go_into_an_input_or_the_ledger() {
    let fixture = Fixture::with(&many(0, 1));
    fixture.write("bad", "oops\n");
    std::fs::hard_link(fixture.path("bad"), fixture.path("other")).unwrap();
    std::os::unix::fs::symlink("usage.db", fixture.path("link")).unwrap();
    let before = fixture.read("usage.db");
    for script in [
        "usage record bad >> bad",
        "usage record bad 2>> bad",
        "usage record bad >> other",
        "usage record - < bad >> bad",
        "usage record --follow bad 2>> other",
        "usage record bad.csv bad >> bad",
        "usage export >> usage.db",
        "usage export >> link",
        "usage report >> usage.db",
        "usage doctor >> usage.db",
        "usage vacuum 2>> usage.db",
        "usage report nonsense-period --db usage.db >> usage.db",
        "usage record usage.db",
        "usage record < usage.db",
        "usage record link",
    ] {
        fixture.write("bad.csv", "instance_id,route,model,tokens\n");
        let run = fixture.shell(script);
        assert_eq!(run.code, 2, "{script}: {run}");
    }
    assert!(fixture.read("usage.db") == before, "the ledger was written to");
    assert_eq!((fixture.read("bad"), fixture.stored()), (b"oops\n".to_vec(), 1));
    insta::assert_snapshot!(fixture.shell("usage report >> usage.db"), @"
    exit 2
    --- stderr
    error: standard output goes into /tmp/usage-XXXXXX/usage.db, which is the ledger, or belongs to it
    hint: redirect it into a file of its own
    ");
    // Where standard error is what must not be written, standard output tells of it.
    insta::assert_snapshot!(fixture.shell("usage record bad 2>> bad"), @"
    exit 2
    --- stdout
    error: standard error goes into bad, which is read by this command
    hint: redirect it into a file of its own
    ");
    // Both in one file of their own are as ever.
    assert_eq!(fixture.shell("usage record bad > log 2>&1").code, 3);
}

/// A pipe as well: what is written there comes back.
#[test]
fn rejects_that_are_the_pipe_which_is_read() {
    let fixture = Fixture::new();
    let run = fixture.shell("mkfifo pipe && usage record pipe --rejects pipe");
    assert_eq!(run.code, 2, "{run}");
    let run = fixture.shell("mkfifo pipe2 && usage record --rejects - /dev/null");
    assert_eq!(run.code, 2, "{run}");
}

/// A copy, or a ledger, under a name that SQLite or a journal would take for a part of the ledger.
#[test]
fn copies_that_would_be_parts_of_the_ledger() {
    let fixture = Fixture::with(&many(0, 1));
    for ending in ["-wal", "-shm", "-journal", ".journal"] {
        for command in ["backup usage.db", "record a --db usage.db"] {
            fixture.write("a", many(1, 1));
            let run = fixture.usage(&format!("{command}{ending}"));
            assert_eq!(run.code, 1, "{run}");
            // While the ledger is copied, two of them are there.
            let is_told = ["it would be taken for a part of ", "there is a file at "]
                .iter()
                .any(|why| run.stderr.contains(why));
            assert!(is_told, "{run}");
        }
    }
    assert_eq!((fixture.files(), fixture.stored()), (vec!["a".into(), "usage.db".into()], 1));
}
