//! `--ignore-unknown`: lines with fields that no record has, and what becomes of these.

use crate::fixture::Fixture;
use crate::lines::many;
use crate::process::eventually;

/// Lines with fields of their own, one of which is no record for another reason.
fn lines() -> String {
    let line = |rest: &str| many(0, 1).replace("}\n", &format!(",{rest}}}\n"));
    [
        line(r#""latency_ms":12"#),
        line(r#""latency_ms":{"p50":7,"tags":[1]},"\u001b[1m":null"#),
        line(r#""latency_ms":12,"fallbacks":-1"#),
        many(1, 1),
    ]
    .concat()
}

const TEXT: &str = "Lines: 4  |  Stored: 3  |  Duplicates: 0  |  Refused: 1\n\
                    Ignored fields: \\u{1b}[1m (1), latency_ms (2)\n";

const JSON: &str = "{\"schema\":1,\"lines\":4,\"stored\":3,\"amended\":0,\"duplicates\":0,\"refused\":1,\
                    \"in_journal\":0,\"not_stored\":0,\
                    \"ignored_fields\":{\"\\u001b[1m\":1,\"latency_ms\":2},\"ignored_others\":0}\n";

#[test]
fn files_and_pipes() {
    for (option, expected) in [("", TEXT), ("--json", JSON), ("--json --quiet", JSON)] {
        let fixture = Fixture::new();
        fixture.write("f", lines());
        let run = fixture.usage(&format!("record f --ignore-unknown {option}"));
        assert_eq!((run.code, run.stdout.as_str()), (3, expected), "{run}");
        assert!(run.stderr.starts_with("f:3: fallbacks is -1, "), "{run}");
        let piped = fixture.usage_reading(&format!("record --ignore-unknown {option}"), lines());
        assert_eq!((piped.code, piped.stdout.as_str()), (3, expected), "{piped}");
        assert_eq!(fixture.stored(), 6);
    }
}

#[test]
fn a_growing_file() {
    let fixture = Fixture::new();
    fixture.write("log", lines());
    let follow = fixture.start("record --follow log --ignore-unknown");
    eventually("all is stored", || fixture.stored() == 3);
    follow.signal("TERM");
    let run = follow.finish();
    assert_eq!((run.code, run.stdout.as_str()), (3, TEXT), "{run}");
}

#[test]
fn columns() {
    let fixture = Fixture::new();
    let header = "instance_id,route,latency_ms,model,tokens,team\n";
    fixture.write("f.csv", format!("{header}i,r,5,m,1,a\ni,r,,m,x,\n{header}i,r,,m,2,b\n"));
    let run = fixture.usage("record f.csv --ignore-unknown");
    assert_eq!(
        run.stdout,
        "Lines: 3  |  Stored: 2  |  Duplicates: 0  |  Refused: 1\n\
         Ignored fields: latency_ms (2), team (2)\n",
        "{run}"
    );
    assert!(run.stderr.starts_with("f.csv:3: tokens is the text \"x\""), "{run}");
    assert_eq!(fixture.totals(), (2, 3));
}

/// A log may have a field of its own in each line: which fields there are is said once.
#[test]
fn without_it_each_line_is_named_and_the_fields_once() {
    let fixture = Fixture::new();
    fixture.write("f", lines());
    let run = fixture.usage("record f");
    let complaints: Vec<_> = run.stderr.lines().collect();
    assert_eq!((run.code, complaints.len()), (3, 3), "{run}");
    assert!(complaints[0].starts_with("f:1: unknown field `latency_ms` (column "), "{run}");
    assert!(complaints[0].contains("; the fields of records are instance_id, "), "{run}");
    assert!(complaints[0].ends_with("; --ignore-unknown takes lines with others"), "{run}");
    assert!(complaints[1..].iter().all(|line| !line.contains("instance_id")), "{run}");
    // What was meant is said each time.
    fixture.write("g", "{\"a\":1}\n{\"prompt_tokens\":1}\n");
    let run = fixture.usage("record g");
    assert!(run.stderr.ends_with("; did you mean `input_tokens`?\n"), "{run}");
}
