//! The operating system's files.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread;
use std::time::Duration;

use super::{Access, Disk, DiskFile, Identity};

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    type File = File;

    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut made = builder.create(folder);
        if let (Err(error), Some(parent)) = (&made, parent)
            && error.kind() == io::ErrorKind::NotFound
        {
            self.create_folder(parent, access)?;
            made = builder.create(folder);
        }
        match made {
            // A power loss shall not take its name, with all that is in it. Where the folder above
            // may not be looked into, that cannot be had.
            Ok(()) => {
                share(folder, access)?;
                drop(self.sync_folder(parent.unwrap_or(Path::new("."))));
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {
                // Made before the group was to be let in; where it is another's, that is theirs.
                if is_as_made(folder).unwrap_or(false) {
                    drop(share(folder, access));
                }
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        if !is_as_made(folder)? {
            return Err(io::Error::other("somebody has made it otherwise"));
        }
        fs::remove_dir(folder)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn create_new(&self, path: &Path, access: Access) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        share(path, access)?;
        Ok(file)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        open_file(path, true)
    }

    fn open_read(&self, path: &Path) -> io::Result<File> {
        open_file(path, false)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn identity(&self, path: &Path) -> io::Result<Identity> {
        identity(&fs::symlink_metadata(path)?)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        // Elsewhere a folder cannot be opened as a file, and needs no syncing.
        if cfg!(not(unix)) {
            return Ok(());
        }
        match File::open(folder)?.sync_all() {
            // A file system that cannot do it for folders has no better promise to give.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            synced => synced,
        }
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        Ok(bytes)
    }

    fn boot(&self) -> u32 {
        // Linux has an id for it. 0 for another would be one in four billion.
        fs::read("/proc/sys/kernel/random/boot_id").map_or(0, |id| crc32fast::hash(&id))
    }

    fn pause(&self) {
        // sleep: another process holds a lock; nothing tells when it lets go.
        thread::sleep(Duration::from_millis(5));
    }
}

impl DiskFile for File {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::read_at(self, bytes, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_read(self, bytes, offset);
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        #[cfg(unix)]
        return std::os::unix::fs::FileExt::write_at(self, bytes, offset);
        #[cfg(windows)]
        return std::os::windows::fs::FileExt::seek_write(self, bytes, offset);
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        reserve(self, len)?;
        self.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn try_lock(&self) -> io::Result<bool> {
        held(Self::try_lock(self))
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        held(Self::try_lock_shared(self))
    }

    fn identity(&self) -> io::Result<Identity> {
        identity(&self.metadata()?)
    }
}

/// Opens a file, and nothing else: a pipe would make us wait for whoever is at its other end, and a
/// device may never end.
fn open_file(path: &Path, write: bool) -> io::Result<File> {
    let other = || io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file");
    if !fs::metadata(path)?.is_file() {
        return Err(other());
    }
    let mut options = OpenOptions::new();
    options.read(true).write(write);
    // It may have become a pipe since.
    #[cfg(target_os = "linux")]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    let file = options.open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(other()) }
}

/// Gives the group access, where that was asked for. The bits that let new files inherit the group stay.
#[cfg(unix)]
fn share(path: &Path, access: Access) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if access == Access::Group {
        let mut permissions = fs::metadata(path)?.permissions();
        let mode = permissions.mode();
        // What the owner may, the group may.
        permissions.set_mode(mode | (mode & 0o700) >> 3);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn share(_: &Path, _: Access) -> io::Result<()> {
    Ok(())
}

/// Returns whether a folder has the mode that it would be given, apart from what it inherits from the one
/// above.
#[cfg(unix)]
fn is_as_made(folder: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    const SET_GROUP: u32 = 0o2000;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty());
    let above = fs::metadata(parent.unwrap_or(Path::new(".")))?.permissions().mode();
    let mode = fs::symlink_metadata(folder)?.permissions().mode() & 0o7777;
    let own = mode & !SET_GROUP;
    Ok((own == 0o700 || own == 0o770) && mode & SET_GROUP == above & SET_GROUP)
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn is_as_made(_: &Path) -> io::Result<bool> {
    Ok(true)
}

fn held(locked: Result<(), TryLockError>) -> io::Result<bool> {
    match locked {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
fn identity(metadata: &Metadata) -> io::Result<Identity> {
    use std::os::unix::fs::MetadataExt;
    Ok((metadata.dev(), metadata.ino()))
}

/// Returns the instant of creation where there are no inodes: a file keeps it when it is renamed.
#[cfg(not(unix))]
fn identity(metadata: &Metadata) -> io::Result<Identity> {
    let created = metadata.created()?.duration_since(std::time::UNIX_EPOCH);
    let created = created.map_err(io::Error::other)?;
    Ok((created.as_secs(), u64::from(created.subsec_nanos())))
}

/// Takes space on the disk for the first `len` bytes, where that can be done.
#[cfg(target_os = "linux")]
fn reserve(file: &File, len: u64) -> io::Result<()> {
    use rustix::fs::{FallocateFlags, fallocate};
    use rustix::io::{Errno, retry_on_intr};

    match retry_on_intr(|| fallocate(file, FallocateFlags::empty(), 0, len)) {
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_file: &File, _len: u64) -> io::Result<()> {
    Ok(())
}
