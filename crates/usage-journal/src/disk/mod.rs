//! All that a journal needs of a file system, small enough to be simulated.

mod real;

use std::ffi::OsString;
use std::io;
use std::path::Path;

pub use real::RealDisk;

/// Names a file itself, whatever its path: device and inode.
pub type Identity = (u64, u64);

/// The users that may read and write what is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Its owner alone: folders of mode 0700, files of 0600. The default.
    #[default]
    Owner,
    /// Its owner's group too: folders of mode 0770, files of 0660, whatever the umask says. For a
    /// ledger that several users of one group write to.
    Group,
}

/// A file system. Whatever a journal does to files goes through here, so that a test can tear
/// writes, fill the disk, and cut the power.
pub trait Disk: Clone + Send + Sync + 'static {
    /// An open file.
    type File: DiskFile;

    /// Makes the folder, and the folders above it; fine when it exists.
    ///
    /// # Errors
    /// When it could not be made.
    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<()>;

    /// Removes the folder if it is empty and as [`create_folder`](Self::create_folder) makes it: one
    /// that somebody has made otherwise stays.
    ///
    /// # Errors
    /// When it stays.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;

    /// Returns the names in the folder, in any order.
    ///
    /// # Errors
    /// When it could not be read; `NotFound` when there is none.
    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>>;

    /// Makes a file that must not exist yet, to be read and written.
    ///
    /// # Errors
    /// When it exists or could not be made.
    fn create_new(&self, path: &Path, access: Access) -> io::Result<Self::File>;

    /// Opens a file to be read and written. Never waits, whatever lies there.
    ///
    /// # Errors
    /// When it could not be opened, or is something else than a file; `NotFound` when there is none.
    fn open(&self, path: &Path) -> io::Result<Self::File>;

    /// Opens a file to be read. Never waits, whatever lies there.
    ///
    /// # Errors
    /// When it could not be opened, or is something else than a file; `NotFound` when there is none.
    fn open_read(&self, path: &Path) -> io::Result<Self::File>;

    /// Renames a file within its folder.
    ///
    /// # Errors
    /// When it could not be renamed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// When it could not be removed; `NotFound` when there is none.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Returns the identity of the file at a path, to be compared with [`DiskFile::identity`].
    ///
    /// # Errors
    /// When it could not be read; `NotFound` when there is no file.
    fn identity(&self, path: &Path) -> io::Result<Identity>;

    /// Makes what was created, renamed and removed in the folder safe from a power loss.
    ///
    /// # Errors
    /// When that is not so; `NotFound` when there is no such folder.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Returns sixteen random bytes, for an id.
    ///
    /// # Errors
    /// When there is no source of them.
    fn random(&self) -> io::Result<[u8; 16]>;

    /// Returns a number for this run of the machine, from its start to its end; 0 where it is not known. A
    /// segment that was begun in another may lack what was not synced.
    fn boot(&self) -> u32;

    /// Waits a few milliseconds for another process to let go of a lock.
    fn pause(&self);
}

/// Makes what was removed from the folder safe from a power loss. Another process that finds the
/// folder empty removes it: then that is made safe, and everything in it has gone with it.
pub(crate) fn sync_removals(disk: &impl Disk, folder: &Path) -> io::Result<()> {
    match disk.sync_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => disk.sync_folder(parent(folder)),
        synced => synced,
    }
}

/// Returns the folder that a folder lies in.
pub(crate) fn parent(folder: &Path) -> &Path {
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// An open file. It is closed, and its lock released, when it is dropped.
pub trait DiskFile: Send + Sync + 'static {
    /// Reads from `offset` on; may read less than asked for, and nothing at the end.
    ///
    /// # Errors
    /// When reading failed.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes from `offset` on; may write less than asked for.
    ///
    /// # Errors
    /// When writing failed.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes the file `len` bytes long, with space on the disk behind all of them where the file
    /// system can do that.
    ///
    /// # Errors
    /// When there is not as much space, or when it failed.
    fn allocate(&self, len: u64) -> io::Result<()>;

    /// Returns its length in bytes.
    ///
    /// # Errors
    /// When it could not be read.
    fn len(&self) -> io::Result<u64>;

    /// Returns whether it is empty.
    ///
    /// # Errors
    /// When its length could not be read.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Makes its content safe from a power loss.
    ///
    /// # Errors
    /// When that is not so.
    fn sync(&self) -> io::Result<()>;

    /// Locks it against everybody else. Returns `false` when somebody has it locked.
    ///
    /// # Errors
    /// When it could not be locked for another reason.
    fn try_lock(&self) -> io::Result<bool>;

    /// Locks it against those who want it for themselves. Returns `false` when one of them has it locked.
    ///
    /// # Errors
    /// When it could not be locked for another reason.
    fn try_lock_shared(&self) -> io::Result<bool>;

    /// Returns its identity, to be compared with [`Disk::identity`].
    ///
    /// # Errors
    /// When it could not be read.
    fn identity(&self) -> io::Result<Identity>;
}

/// Writes all of it.
pub(crate) fn write_all<F: DiskFile>(
    file: &F,
    mut bytes: &[u8],
    mut offset: u64,
) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                bytes = bytes.get(written..).unwrap_or_default();
                offset += written as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads until `bytes` is full or the file ends. Returns how many bytes it read.
pub(crate) fn read_full<F: DiskFile>(file: &F, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
