//! `usage forget` and `usage pseudonyms`: what they say, and what is left after a kill at any moment.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use crate::fixture::{Fixture, binary};

const NAME: &str = "Quetzalcoatl";

fn lines(count: u32) -> String {
    let line = |n: u32| {
        let user = if n.is_multiple_of(2) { NAME } else { "bob" };
        format!(
            "{{\"instance_id\":\"gw\",\"route\":\"r\",\"model\":\"m\",\"user\":\"{user}\",\"tokens\":{n},\
             \"session_id\":\"s{}\",\"event_id\":\"e{n}\",\"timestamp\":\"2026-05-01T{:02}:00:00Z\"}}\n",
            n % 3,
            n % 24
        )
    };
    (0..count).map(line).collect()
}

/// The files of the fixture whose bytes hold the name.
fn holding(fixture: &Fixture) -> Vec<String> {
    let mut holding = Vec::new();
    for entry in fs::read_dir(fixture.path("")).unwrap().map(Result::unwrap) {
        let file = entry.file_name().into_string().unwrap();
        if file.starts_with("usage.db") && entry.path().is_file() {
            let bytes = fs::read(entry.path()).unwrap();
            if bytes.windows(NAME.len()).any(|part| part == NAME.as_bytes()) {
                holding.push(file);
            }
        }
    }
    holding
}

#[test]
fn a_user_is_forgotten() {
    let fixture = Fixture::with(&lines(10));
    let told = |arguments: &str| fixture.usage(arguments).stdout_of_success();
    let place = format!("user {NAME}: 1 combination of names\n");
    let plan = told(&format!("forget --user {NAME} --dry-run"));
    assert_eq!(plan, format!("{place}Nothing was changed\n"));
    let before = fixture.report("report --format json");
    let done = told(&format!("forget --user {NAME} --yes"));
    let expected =
        format!("{place}Forgotten: (forgotten) stands in its place\nNot reached either: ");
    assert!(done.starts_with(&expected), "{done}");
    assert_eq!(holding(&fixture), Vec::<String>::new());
    assert_eq!(fixture.report("report --format json"), before);
    let users = told("report --by user --format csv");
    assert!(users.contains("(forgotten)") && users.contains("bob"), "{users}");
    let again = told(&format!("forget --user {NAME} --yes"));
    assert!(again.starts_with(&format!("user {NAME}: nowhere in the ledger\n")), "{again}");
    assert_eq!(told("forget --resume"), "Nothing was left to do\n");
    fixture.usage("doctor --full").stdout_of_success();
}

#[test]
fn what_is_recorded_comes_in_under_a_pseudonym() {
    let fixture = Fixture::with("");
    let set = fixture.usage("pseudonyms --set user").stdout_of_success();
    assert_eq!(set, "Stored as pseudonyms: user\n");
    fixture.write("lines", lines(10));
    fixture.usage("record lines").stdout_of_success();
    assert_eq!(holding(&fixture), Vec::<String>::new());
    let again = fixture.usage("record lines").stdout_of_success();
    assert_eq!(again, "Lines: 10  |  Stored: 0  |  Duplicates: 10  |  Refused: 0\n");
    let report = fixture.usage("report --by user --format csv").stdout_of_success();
    assert!(report.contains("\np-") || report.contains(",p-"), "{report}");
    assert_eq!(fixture.usage("pseudonyms").stdout_of_success(), set);
}

/// Killed at random moments: the name is everywhere or in no report, every sum stays, and going on ends it. To kill
/// fifty: `USAGE_TEST_KILLS=50`.
#[test]
fn killed_and_gone_on_with() {
    let kills: u64 = std::env::var("USAGE_TEST_KILLS").map_or(3, |kills| kills.parse().unwrap());
    for kill in 0..kills {
        let fixture = Fixture::with(&lines(3_000));
        let before = fixture.report("report --format json");
        let arguments = ["forget", "--user", NAME, "--yes"];
        let mut forget = fixture.program(binary());
        let mut forget = forget.args(arguments).stdout(Stdio::null()).spawn().unwrap();
        let mut random = fastrand::Rng::with_seed(kill);
        // sleep: any moment is right.
        thread::sleep(Duration::from_micros(random.u64(0..40_000)));
        forget.kill().unwrap();
        forget.wait().unwrap();
        assert_eq!(fixture.report("report --format json"), before, "kill {kill}");
        let users = fixture.usage("report --by user --format csv").stdout_of_success();
        if users.contains(NAME) {
            assert!(!users.contains("(forgotten)"), "kill {kill}: {users}");
            fixture.usage(&format!("forget --user {NAME} --yes")).stdout_of_success();
        } else {
            fixture.usage("forget --resume").stdout_of_success();
        }
        assert_eq!(holding(&fixture), Vec::<String>::new(), "kill {kill}");
        assert_eq!(fixture.report("report --format json"), before, "kill {kill}");
        fixture.usage("doctor --full").stdout_of_success();
    }
}
