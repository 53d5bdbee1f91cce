//! Standard output that is closed early, full, or not there.

use crate::fixture::Fixture;
use crate::lines::many;

/// More than a pipe holds: the writer is stopped in the middle.
fn large() -> Fixture {
    let mut lines = String::new();
    for number in 0..3_000 {
        lines += &format!(
            "{{\"instance_id\":\"i\",\"route\":\"route-{number}\",\"model\":\"model-{number}\",\"tokens\":1}}\n"
        );
    }
    Fixture::with(&lines)
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let fixture = large();
    for format in ["text", "json", "csv"] {
        // The exit code of the command, not of `head`.
        let script = format!("{{ usage report --format {format}; echo $? >code; }} | head -c 1");
        let run = fixture.shell(&script);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{format}: {run}");
        assert_eq!(fixture.read("code"), b"0\n", "{format}");
        assert_eq!(run.stdout.len(), 1);
    }
}

#[test]
fn record_stores_all_though_nobody_reads_what_it_says() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 100));
    let run = fixture.shell("{ sleep 0; usage record a --report; echo $? >code; } | true");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run}");
    assert_eq!(fixture.read("code"), b"0\n");
    assert_eq!(fixture.stored(), 100);
}

#[test]
fn a_full_standard_output_is_an_error() {
    let fixture = Fixture::with(&many(0, 3));
    insta::assert_snapshot!(fixture.shell("usage report > /dev/full"), @"
    exit 1
    --- stderr
    error: cannot write to standard output: No space left on device (os error 28)
    ");
    for arguments in ["report --format json", "report --format csv", "period today"] {
        let run = fixture.shell(&format!("usage {arguments} > /dev/full"));
        assert_eq!(run.code, 1, "{arguments}: {run}");
        let reason = "error: cannot write to standard output: No space left on device";
        assert!(run.stderr.starts_with(reason), "{arguments}: {run}");
    }
    let run = fixture.shell("usage completions bash > /dev/full");
    assert_eq!(run.code, 1, "{run}");
}

/// Help and version that cannot be printed are not done either.
#[test]
fn help_that_cannot_be_printed_is_an_error() {
    let fixture = Fixture::new();
    for arguments in ["--help", "-h", "--version", "report --help"] {
        let run = fixture.shell(&format!("usage {arguments} > /dev/full"));
        assert_eq!(run.code, 1, "{arguments}: {run}");
        let closed = fixture.shell(&format!("{{ usage {arguments}; echo $? >code; }} | true"));
        assert_eq!(closed.stderr, "", "{arguments}");
    }
}

/// Everything is stored before the accounts are printed; that those could not be is an error.
#[test]
fn record_stores_all_though_its_accounts_cannot_be_written() {
    let fixture = Fixture::new();
    fixture.write("a", many(0, 100));
    insta::assert_snapshot!(fixture.shell("usage record a > /dev/full"), @"
    exit 1
    --- stderr
    error: cannot write to standard output: No space left on device (os error 28)
    ");
    assert_eq!(fixture.stored(), 100);
}

#[test]
fn closed_standard_streams_do_no_harm() {
    let fixture = Fixture::new();
    fixture.write("a", format!("{}oops\n", many(0, 100)));
    let run = fixture.shell("usage record a >&- 2>&- <&-");
    assert_eq!(run.code, 3, "{run}");
    assert_eq!(fixture.stored(), 100);
    let run = fixture.shell("usage report nonsense 2>&-");
    assert_eq!((run.code, run.stderr.as_str()), (2, ""), "{run}");
}
