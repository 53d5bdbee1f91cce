//! Servers of engines, as far as this machine has them. Where one is missing, its tests say so aloud and check nothing;
//! with `USAGE_ENGINES=all` they fail.

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use usage_ship::Target;

mod machine;

use machine::{as_other, clickhouse, free_port, open_to_all, postgres, python, skip};

pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// The kinds of servers that there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Postgres of any version from 15 on: of the Python package, else of the system.
    Postgres,
    /// ClickHouse as Debian has it: a real server with the real wire.
    ClickHouse,
    /// The engine of a new ClickHouse, without its server.
    Modern,
}

/// A running server with its data, stopped when it is dropped.
pub(crate) struct Server {
    kind: Kind,
    port: u16,
    /// Where the other shards of a cluster reach it.
    inner_port: u16,
    /// The inner ports of all shards; none where it stands alone.
    cluster: Vec<u16>,
    folder: TempDir,
    child: Option<Child>,
    names: AtomicU32,
}

impl Server {
    /// Starts a server; none, said aloud, where there is no such engine.
    pub(crate) fn start(kind: Kind) -> Option<Self> {
        let mut server = Self::new(kind)?;
        server.run();
        Some(server)
    }

    /// Starts two servers of ClickHouse that know each other as shards.
    pub(crate) fn start_shards() -> Option<[Self; 2]> {
        let (mut one, mut other) = (Self::new(Kind::ClickHouse)?, Self::new(Kind::ClickHouse)?);
        let cluster = vec![one.inner_port, other.inner_port];
        for server in [&mut one, &mut other] {
            server.cluster.clone_from(&cluster);
            server.run();
        }
        Some([one, other])
    }

    fn new(kind: Kind) -> Option<Self> {
        let is_there = match kind {
            Kind::Postgres => postgres().is_some(),
            Kind::ClickHouse => clickhouse().is_some(),
            Kind::Modern => python().is_some(),
        };
        if !is_there {
            skip(kind);
            return None;
        }
        let folder = tempfile::Builder::new().prefix("engine").tempdir().unwrap();
        let server = Self {
            kind,
            port: free_port(),
            inner_port: free_port(),
            cluster: Vec::new(),
            folder,
            child: None,
            names: AtomicU32::new(0),
        };
        if kind == Kind::Postgres {
            server.init_postgres();
        }
        Some(server)
    }

    fn init_postgres(&self) {
        let data = self.folder.path().join("data");
        fs::create_dir(&data).unwrap();
        open_to_all(self.folder.path());
        let mut init = as_other(&postgres().unwrap().join("initdb"), &[&data, self.folder.path()]);
        init.args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N"]);
        init.args(["--wal-segsize=1", "-D"]).arg(&data);
        let out = init.output().unwrap();
        assert!(out.status.success(), "{out:?}");
    }

    /// Starts it, or starts it again.
    pub(crate) fn run(&mut self) {
        let (folder, port) = (self.folder.path(), self.port.to_string());
        let mut command = match self.kind {
            Kind::Postgres => {
                let mut command = as_other(&postgres().unwrap().join("postgres"), &[]);
                // What a crash of the machine would lose is not what is tested.
                command.args([
                    "-c",
                    "fsync=off",
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    "max_connections=20",
                    // What is killed leaves nothing in the machine's memory.
                    "-c",
                    "dynamic_shared_memory_type=mmap",
                    "-c",
                    "max_wal_size=8MB",
                    "-c",
                    "min_wal_size=2MB",
                ]);
                command.args(["-c", &format!("unix_socket_directories={}", folder.display())]);
                command.arg("-p").arg(&port).arg("-D").arg(folder.join("data"));
                command
            }
            Kind::ClickHouse => {
                fs::create_dir_all(folder.join("data")).unwrap();
                let config = include_str!("clickhouse.xml")
                    .replace("FOLDER", &folder.display().to_string())
                    .replace("<http_port>PORT", &format!("<http_port>{port}"))
                    .replace("INNER", &self.inner_port.to_string())
                    .replace("SHARDS", &shards(&self.cluster));
                fs::write(folder.join("config.xml"), config).unwrap();
                let mut command = Command::new(clickhouse().unwrap());
                command.arg(format!("--config-file={}", folder.join("config.xml").display()));
                command
            }
            Kind::Modern => {
                let mut command = Command::new(python().unwrap());
                command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/chdb_front.py"));
                command.arg(&port).arg(folder.join("data"));
                command
            }
        };
        let log =
            fs::OpenOptions::new().create(true).append(true).open(folder.join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let deadline = Instant::now() + DEADLINE;
        self.child = Some(command.spawn().unwrap());
        loop {
            let target = self.target_of("");
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() && target.connect().is_ok() {
                return;
            }
            if self.child.as_mut().is_some_and(|child| child.try_wait().unwrap().is_some()) {
                // Its children may still hold what it needs.
                // sleep: a server says nothing when its children have gone.
                thread::sleep(Duration::from_millis(200));
                return self.run_again(deadline);
            }
            assert!(Instant::now() < deadline, "{}", self.log());
            // sleep: a server says nothing when it is up.
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn run_again(&mut self, deadline: Instant) {
        assert!(Instant::now() < deadline, "{}", self.log());
        self.child = None;
        self.run();
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // The process that was started becomes the server: nothing stands between.
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it again if it has ended by itself.
    pub(crate) fn revive(&mut self) {
        if self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some()) {
            self.child = None;
            self.run();
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// An empty database of it.
    pub(crate) fn place(&self) -> String {
        let name = format!("d{}", self.names.fetch_add(1, Ordering::Relaxed));
        let mut wire = self.target_of("").connect().unwrap();
        let what = if self.kind == Kind::Postgres { "SCHEMA" } else { "DATABASE" };
        wire.execute(&format!("CREATE {what} {name}")).unwrap();
        self.url_of(&name)
    }

    fn target_of(&self, name: &str) -> Target {
        self.url_of(name).parse().unwrap()
    }

    fn url_of(&self, name: &str) -> String {
        let port = self.port;
        match (self.kind, name) {
            (Kind::Postgres, "") => format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            (Kind::Postgres, name) => {
                format!(
                    "postgres://postgres@127.0.0.1:{port}/postgres?options=-csearch_path%3D{name}"
                )
            }
            (_, name) => format!("clickhouse://127.0.0.1:{port}/{name}"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(child) = self.child.as_ref().filter(|_| self.kind == Kind::Postgres) {
            // It takes its children and its memory with it.
            let _ = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
            let deadline = Instant::now() + Duration::from_secs(5);
            while Instant::now() < deadline && TcpStream::connect(("127.0.0.1", self.port)).is_ok()
            {
                // sleep: a server says nothing when it has let its port go.
                thread::sleep(Duration::from_millis(20));
            }
        }
        self.kill();
    }
}

fn shards(inner_ports: &[u16]) -> String {
    let shard = |port: &u16| {
        format!("<shard><replica><host>127.0.0.1</host><port>{port}</port></replica></shard>")
    };
    let shards: String = inner_ports.iter().map(shard).collect();
    if shards.is_empty() { shards } else { format!("<both>{shards}</both>") }
}
