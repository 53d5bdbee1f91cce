//! This test binary again, as another process: [`command`] starts it, [`run`] is its `main`.

use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const ROLE: &str = "USAGE_STORE_TEST_ROLE";
const PLACE: &str = "USAGE_STORE_TEST_PLACE";
pub(crate) const READY: &str = "the child is ready";

/// Not a test: what a child process does. Without a role it does nothing.
#[test]
fn run() {
    let (Some(role), Some(place)) = (env::var_os(ROLE), env::var_os(PLACE)) else { return };
    let (role, place) = (role.into_string().unwrap(), Path::new(&place));
    match role.split_once(' ').unwrap_or((&role, "")) {
        ("open", which) => super::processes::open_and_insert(place, which),
        ("write", which) => super::processes::write_batches(place, which),
        ("read", which) => super::processes::read_reports(place, which),
        ("read-only", expected) => super::permissions::in_a_read_only_folder(place, expected),
        ("waiting", expected) => super::permissions::what_waits(place, expected),
        ("no-folder", _) => super::permissions::below_a_read_only_folder(place),
        ("no-growth", _) => super::checkpoints::without_growth(place),
        ("relative", _) => super::opening::relative_to_a_folder_that_is_left(place),
        ("change", what) => super::kills::change(place, what),
        ("upgrade", _) => super::upgrading::at_once(place),
        ("db-path", expected) => super::path::is(place, expected),
        _ => panic!("no such role: {role}"),
    }
}

/// The arguments that make this binary run [`run`] alone.
pub(crate) const ARGUMENTS: [&str; 3] = ["--exact", "child::run", "--nocapture"];

/// Has the program, which runs this binary in the end, play a role.
pub(crate) fn role(mut command: Command, role: &str, place: &Path) -> Command {
    command.env(ROLE, role).env(PLACE, place).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// This binary in a role.
pub(crate) fn command(what: &str, place: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args(ARGUMENTS);
    role(command, what, place)
}

/// Fails with the child's own words if it failed.
pub(crate) fn check(output: &Output) {
    let (stdout, stderr) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{stdout}{stderr}", output.status);
    // A filter that matches nothing succeeds as well.
    assert!(stdout.contains("1 passed"), "the child ran no role:\n{stdout}{stderr}");
}

/// Starts a child for each role, and lets them all go at once when the last is ready.
pub(crate) fn all_at_once(roles: &[String], place: &Path) {
    let barrier = File::create(place.join("barrier")).unwrap();
    barrier.lock().unwrap();
    let start = |what: &String| command(what, place).spawn().unwrap();
    let mut children: Vec<Child> = roles.iter().map(start).collect();
    let mut outputs = Vec::new();
    for child in &mut children {
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains(READY) {
            line.clear();
            if output.read_line(&mut line).unwrap() == 0 {
                break; // It failed before; its status will say so.
            }
        }
        outputs.push(output);
    }
    barrier.unlock().unwrap();
    for (child, mut stdout) in children.into_iter().zip(outputs) {
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut stdout, &mut rest).unwrap();
        let mut output = child.wait_with_output().unwrap();
        output.stdout = rest;
        check(&output);
    }
}

/// In a child of [`all_at_once`]: waits until all are ready.
#[expect(clippy::print_stdout, reason = "the parent reads it")]
pub(crate) fn wait_for_the_others(place: &Path) {
    let barrier = File::open(place.join("barrier")).unwrap();
    println!("{READY}");
    barrier.lock_shared().unwrap();
}

/// Says that a test could not be done here.
#[expect(clippy::print_stderr, reason = "a skipped test must not pass in silence")]
pub(crate) fn skip(why: &str) {
    eprintln!("SKIPPED: {why}");
}
