//! `usage top`, on a terminal of its own and without one.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::termios::{Termios, tcgetattr};

use crate::fixture::Fixture;
use crate::process::{eventually, signal};

const NOW: &str = "2026-05-03T15:42:00Z";

fn line(model: &str, tokens: u32) -> String {
    format!(
        "{{\"instance_id\":\"i\",\"route\":\"r\",\"model\":\"{model}\",\"tokens\":{tokens},\"timestamp\":\"{NOW}\"}}\n"
    )
}

fn fixture() -> Fixture {
    Fixture::with(&line("first-model", 1_234)).set("USAGE_NOW", NOW).set("TERM", "xterm-256color")
}

/// The command on a terminal of 100 columns and 30 lines.
struct OnTerminal {
    child: Child,
    keys: File,
    /// What the terminal was before.
    before: Termios,
    slave: std::os::fd::OwnedFd,
    written: Arc<Mutex<Vec<u8>>>,
}

impl OnTerminal {
    fn start(fixture: &Fixture) -> Self {
        let size = Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&size, None).unwrap();
        let before = tcgetattr(slave.as_fd()).unwrap();
        let end = || Stdio::from(slave.try_clone().unwrap());
        let mut command = fixture.command(["top"]);
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let keys = File::from(master);
        let mut screen = keys.try_clone().unwrap();
        let written = Arc::new(Mutex::new(Vec::new()));
        let taken = Arc::clone(&written);
        thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                taken.lock().unwrap().extend(&buffer[..count]);
            }
        });
        Self { child, keys, before, slave, written }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.written.lock().unwrap()).into_owned()
    }

    fn shows(&self, text: &str) {
        eventually(text, || self.text().contains(text));
    }

    /// Waits for its end; the terminal is then as it was.
    fn ends(mut self) {
        eventually("its end", || self.child.try_wait().unwrap().is_some());
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{}", self.text());
        self.shows("\u{1b}[?25h");
        self.shows("\u{1b}[?1049l");
        self.shows("\u{1b}[?1006l");
        let after = tcgetattr(self.slave.as_fd()).unwrap();
        assert_eq!(after.local_flags, self.before.local_flags);
        assert_eq!(after.input_flags, self.before.input_flags);
        assert_eq!(after.output_flags, self.before.output_flags);
    }
}

#[test]
fn a_record_is_seen_as_it_comes_and_q_leaves_the_terminal_as_it_was() {
    let fixture = fixture();
    let mut top = OnTerminal::start(&fixture);
    top.shows("first-model");
    fixture.usage_reading("record -", line("second-model", 5_678)).stdout_of_success();
    top.shows("second-model");
    top.keys.write_all(b"q").unwrap();
    top.ends();
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let fixture = fixture();
    let top = OnTerminal::start(&fixture);
    top.shows("first-model");
    signal(top.child.id(), "TERM");
    top.ends();
}

#[test]
fn without_a_terminal_it_prints_one_frame() {
    let fixture = fixture().set("LANG", "C.UTF-8");
    insta::assert_snapshot!(fixture.usage("top --lines 12").stdout_of_success());
    let once = fixture.usage("top week --once --width 100 --by route --color always");
    let once = once.stdout_of_success();
    assert!(!once.contains('\u{1b}'), "{once}");
    assert!(once.lines().count() == 24 && once.contains("Route"), "{once}");
}

#[test]
fn a_ledger_that_is_missing_is_named_before_the_screen_is_taken() {
    let fixture = Fixture::new();
    let run = fixture.usage("top");
    assert_eq!(run.code, 1);
    assert!(run.stderr.starts_with("error: there is no ledger at "), "{run}");
}
