//! A disk that writes down what is done to it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use usage_journal::{Access, Disk, DiskFile, Identity};

use crate::sim::{Content, Random};

/// The operations, in order.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Create(u64, PathBuf),
    Rename(u64, PathBuf),
    Remove(u64),
    Resize(u64, usize),
    Write(u64, usize, Vec<u8>),
    Sync(u64),
    /// It failed: what it was to write may be on the disk or not, and counts as written.
    FailedSync(u64),
    SyncFolder,
    /// The ledger has committed this.
    Commit(Content),
    /// The ledger was made durable.
    Durable,
    /// These records were given to the journal.
    Given(Vec<u64>),
    /// Of these it was said that no power loss takes them.
    Acknowledged(Vec<u64>),
}

#[derive(Debug)]
struct Log {
    ops: Vec<Op>,
    files: BTreeMap<u64, Vec<u8>>,
    names: BTreeMap<PathBuf, u64>,
    next: u64,
    random: Random,
    /// So many syncs of files succeed before one fails.
    failing_sync: Option<u32>,
}

/// A disk that writes down what is done to it.
#[derive(Clone, Debug)]
pub(crate) struct RecordingDisk(Arc<Mutex<Log>>);

#[derive(Debug)]
pub(crate) struct RecordingFile {
    log: Arc<Mutex<Log>>,
    inode: u64,
}

impl RecordingDisk {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Log {
            ops: Vec::new(),
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            next: 1,
            random: Random(seed),
            failing_sync: None,
        })))
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap()
    }

    pub(crate) fn note(&self, op: Op) {
        self.log().ops.push(op);
    }

    pub(crate) fn ops(&self) -> Vec<Op> {
        self.log().ops.clone()
    }

    pub(crate) fn fail_sync_after(&self, syncs: u32) {
        self.log().failing_sync = Some(syncs);
    }

    pub(crate) fn succeed(&self) {
        self.log().failing_sync = None;
    }

    fn file(&self, inode: u64) -> RecordingFile {
        RecordingFile { log: Arc::clone(&self.0), inode }
    }
}

impl Log {
    fn find(&self, path: &Path) -> io::Result<u64> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for RecordingDisk {
    type File = RecordingFile;

    fn create_folder(&self, _: &Path, _: Access) -> io::Result<()> {
        Ok(())
    }

    fn remove_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<OsString>> {
        let log = self.log();
        Ok(log.names.keys().filter_map(|path| Some(path.file_name()?.to_owned())).collect())
    }

    fn create_new(&self, path: &Path, _: Access) -> io::Result<RecordingFile> {
        let mut log = self.log();
        let inode = log.next;
        log.next += 1;
        log.names.insert(path.to_owned(), inode);
        log.files.insert(inode, Vec::new());
        log.ops.push(Op::Create(inode, path.to_owned()));
        drop(log);
        Ok(self.file(inode))
    }

    fn open(&self, path: &Path) -> io::Result<RecordingFile> {
        let inode = self.log().find(path)?;
        Ok(self.file(inode))
    }

    fn open_read(&self, path: &Path) -> io::Result<RecordingFile> {
        self.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut log = self.log();
        let inode = log.find(from)?;
        log.names.remove(from);
        log.names.insert(to.to_owned(), inode);
        log.ops.push(Op::Rename(inode, to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut log = self.log();
        let inode = log.find(path)?;
        log.names.remove(path);
        log.ops.push(Op::Remove(inode));
        Ok(())
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        Ok((1, self.log().find(path)?))
    }

    fn sync_folder(&self, _: &Path) -> io::Result<()> {
        self.note(Op::SyncFolder);
        Ok(())
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut log = self.log();
        let halves = [log.random.next().to_le_bytes(), log.random.next().to_le_bytes()];
        Ok(halves.concat().try_into().unwrap())
    }

    fn boot(&self) -> u32 {
        1
    }

    fn pause(&self) {}
}

impl RecordingFile {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap()
    }
}

impl DiskFile for RecordingFile {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let log = self.log();
        let data = log.files[&self.inode].get(usize::try_from(offset).unwrap()..);
        let data = data.unwrap_or_default();
        let length = data.len().min(bytes.len());
        bytes[..length].copy_from_slice(&data[..length]);
        Ok(length)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut log = self.log();
        let start = usize::try_from(offset).unwrap();
        let file = log.files.get_mut(&self.inode).unwrap();
        file.resize(file.len().max(start + bytes.len()), 0);
        file[start..start + bytes.len()].copy_from_slice(bytes);
        log.ops.push(Op::Write(self.inode, start, bytes.to_vec()));
        Ok(bytes.len())
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        let mut log = self.log();
        let len = usize::try_from(len).unwrap();
        log.files.get_mut(&self.inode).unwrap().resize(len, 0);
        log.ops.push(Op::Resize(self.inode, len));
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.log().files[&self.inode].len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        let mut log = self.log();
        let fails = log.failing_sync == Some(0);
        log.failing_sync = log.failing_sync.and_then(|left| left.checked_sub(1));
        if fails {
            log.ops.push(Op::FailedSync(self.inode));
            return Err(io::Error::other("the disk"));
        }
        log.ops.push(Op::Sync(self.inode));
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        Ok(true)
    }

    fn identity(&self) -> io::Result<Identity> {
        Ok((1, self.inode))
    }
}
