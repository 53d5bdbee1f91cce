//! The gateway, in a process of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};
use tokio::net::TcpStream;

/// A running gateway. It is killed when the test ends before it does.
pub(crate) struct Gateway {
    child: Child,
    output: BufReader<ChildStdout>,
    address: String,
}

impl Gateway {
    /// Starts it, and waits until it listens. How long it is patient with streams is for the test to
    /// say, by a second signal.
    pub(crate) fn start(ledger: &Path, provider: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_usage-gateway"));
        command.arg("--ledger").arg(ledger).args(["--listen", "127.0.0.1:0", "--grace", "3600"]);
        command.args(["--anthropic", provider, "--openai", provider]).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").unwrap().to_owned();
        Self { child, output, address }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Tells it to stop, and the second time to stop waiting.
    pub(crate) fn terminate(&self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
    }

    /// Waits until it takes nobody any more.
    pub(crate) async fn refuses(&self) {
        while TcpStream::connect(&self.address).await.is_ok() {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for its end, and returns what it said.
    pub(crate) fn wait(mut self) -> String {
        let mut output = String::new();
        self.output.read_to_string(&mut output).unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}: {output}");
        output
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Allows this process and its children the files that so many streams need.
pub(crate) fn allow_files(streams: usize) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let needed = 200 + 4 * streams as u64;
    assert!(maximum.is_none_or(|most| needed <= most), "{needed} open files are needed");
    let current = current.map(|current| current.max(needed));
    setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
}
