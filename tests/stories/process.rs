//! A command that runs in the background, and waiting for what it does.

use std::io::Write;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::fixture::{Fixture, Run};

/// Longer than anything here takes on a slow and busy machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// Asks again and again until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "in {DEADLINE:?} it did not come to: {what}");
        // sleep: a poll with a deadline; other processes give no other sign.
        thread::sleep(Duration::from_millis(10));
    }
}

/// A running command. It is killed when the story ends before it does.
pub(crate) struct Background<'a> {
    fixture: &'a Fixture,
    /// Nothing once it has finished.
    child: Option<Child>,
    input: Option<ChildStdin>,
}

impl<'a> Background<'a> {
    pub(crate) fn start(fixture: &'a Fixture, mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input = child.stdin.take();
        Self { fixture, child: Some(child), input }
    }

    /// Writes to its standard input. That it has gone away is seen by what it said.
    pub(crate) fn write(&mut self, text: impl AsRef<[u8]>) {
        let _ = self.input.as_mut().unwrap().write_all(text.as_ref());
    }

    /// Closes its standard input.
    pub(crate) fn end_input(&mut self) {
        self.input = None;
    }

    /// Sends it a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.as_ref().unwrap().id(), name);
    }

    /// Returns whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.as_mut().unwrap().try_wait().unwrap().is_none()
    }

    /// Waits for its end, with its standard input left as it is.
    pub(crate) fn finish(mut self) -> Run {
        let child = self.child.take().unwrap();
        let id = child.id();
        let waiting = thread::spawn(move || child.wait_with_output());
        let start = Instant::now();
        while !waiting.is_finished() {
            if start.elapsed() > DEADLINE {
                signal(id, "KILL");
                panic!("the command did not end in {DEADLINE:?}");
            }
            // sleep: a poll with a deadline; the thread gives no other sign.
            thread::sleep(Duration::from_millis(2));
        }
        self.fixture.finished(waiting.join().unwrap().unwrap())
    }
}

pub(crate) fn signal(process: u32, name: &str) {
    let script = format!("kill -{name} {process}");
    assert!(Command::new("/bin/sh").args(["-c", &script]).status().unwrap().success());
}

impl Drop for Background<'_> {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
