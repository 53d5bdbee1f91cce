//! A disk in memory, as one process sees it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use usage_journal::{Access, Disk, Identity};

use super::fault::Fault;
use super::file::SimFile;
use super::world::World;
use crate::damage::FOLDER;

/// Something that another process does in between.
type Hook = Box<dyn FnOnce() + Send>;

/// A disk in memory, as one process sees it; clones are the same process.
#[derive(Clone)]
pub(crate) struct SimDisk {
    world: Arc<Mutex<World>>,
    after_open: Arc<Mutex<Option<Hook>>>,
    on_pause: Arc<Mutex<Option<Hook>>>,
    before_sync: Arc<Mutex<Option<Hook>>>,
    process: u32,
}

impl SimDisk {
    pub(crate) fn new() -> Self {
        Self {
            world: Arc::default(),
            after_open: Arc::default(),
            on_pause: Arc::default(),
            before_sync: Arc::default(),
            process: 0,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Returns the same disk, for a process of its own.
    pub(crate) fn process(&self) -> Self {
        let mut world = self.world();
        let process = world.next_process;
        world.next_process += 1;
        Self { process, ..self.clone() }
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.world().dead.contains(&self.process)
    }

    pub(crate) fn plan(&self, after: u32, fault: Fault) {
        self.world().faults.plan(after, fault);
    }

    /// The paths and contents of all files, without an operation.
    pub(crate) fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let world = self.world();
        let files = world.inodes.values();
        let mut files: Vec<_> =
            files.filter_map(|inode| Some((inode.path()?.clone(), inode.data.clone()))).collect();
        files.sort();
        files
    }

    /// Puts a file there, without an operation.
    pub(crate) fn put(&self, path: &Path, bytes: &[u8]) {
        let mut world = self.world();
        if let Ok(old) = world.find(path) {
            world.inodes.remove(&old);
        }
        world.folder = true;
        let inode = world.create(path);
        world.inodes.get_mut(&inode).unwrap().data = bytes.to_vec();
    }

    /// Changes a file under those who have it open.
    pub(crate) fn overwrite(&self, path: &Path, bytes: &[u8]) {
        let mut world = self.world();
        let inode = world.find(path).unwrap();
        world.inodes.get_mut(&inode).unwrap().data = bytes.to_vec();
    }

    /// Does this once, when a file has been opened or created the next time.
    pub(crate) fn after_open(&self, act: impl FnOnce() + Send + 'static) {
        *self.after_open.lock().unwrap() = Some(Box::new(act));
    }

    /// Does this once, when somebody waits for a lock.
    pub(crate) fn on_pause(&self, act: impl FnOnce() + Send + 'static) {
        *self.on_pause.lock().unwrap() = Some(Box::new(act));
    }

    /// Does this once, before a folder is synced the next time.
    pub(crate) fn before_sync(&self, act: impl FnOnce() + Send + 'static) {
        *self.before_sync.lock().unwrap() = Some(Box::new(act));
    }

    fn open_at(&self, inode: u64, mut world: MutexGuard<'_, World>) -> SimFile {
        let handle = world.next_handle;
        world.next_handle += 1;
        drop(world);
        let file = SimFile { world: Arc::clone(&self.world), process: self.process, inode, handle };
        let act = self.after_open.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
        file
    }
}

impl Disk for SimDisk {
    type File = SimFile;

    fn create_folder(&self, _folder: &Path, _: Access) -> io::Result<()> {
        let mut world = self.world();
        world.whole(self.process)?;
        world.folder = true;
        Ok(())
    }

    fn remove_folder(&self, _folder: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.whole(self.process)?;
        if world.inodes.values().any(|inode| inode.path().is_some()) {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        world.folder = false;
        Ok(())
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<OsString>> {
        let mut world = self.world();
        world.whole(self.process)?;
        if !world.folder {
            return Err(io::ErrorKind::NotFound.into());
        }
        let paths = world.inodes.values().filter_map(|inode| inode.path());
        Ok(paths.filter_map(|path| Some(path.file_name()?.to_owned())).collect())
    }

    fn create_new(&self, path: &Path, _: Access) -> io::Result<SimFile> {
        let mut world = self.world();
        world.whole(self.process)?;
        if !world.folder {
            return Err(io::ErrorKind::NotFound.into());
        }
        if world.find(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let inode = world.create(path);
        Ok(self.open_at(inode, world))
    }

    fn open(&self, path: &Path) -> io::Result<SimFile> {
        let mut world = self.world();
        world.whole(self.process)?;
        let inode = world.find(path)?;
        Ok(self.open_at(inode, world))
    }

    fn open_read(&self, path: &Path) -> io::Result<SimFile> {
        self.open(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.whole(self.process)?;
        let inode = world.find(from)?;
        world.inodes.get_mut(&inode).unwrap().set_path(Some(to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world();
        world.whole(self.process)?;
        let inode = world.find(path)?;
        let inode = world.inodes.get_mut(&inode).unwrap();
        inode.set_path(None);
        let freed = inode.data.len() as u64;
        world.space += freed;
        Ok(())
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        let mut world = self.world();
        world.whole(self.process)?;
        Ok((1, world.find(path)?))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        let act = self.before_sync.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
        let mut world = self.world();
        world.whole(self.process)?;
        // Any other one is that which it lies in.
        if folder == Path::new(FOLDER) && !world.folder {
            return Err(io::ErrorKind::NotFound.into());
        }
        world.sync_folder();
        Ok(())
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut world = self.world();
        let halves = [world.random.next().to_le_bytes(), world.random.next().to_le_bytes()];
        Ok(halves.concat().try_into().unwrap())
    }

    fn boot(&self) -> u32 {
        self.world().boot
    }

    fn pause(&self) {
        let act = self.on_pause.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
    }
}
