//! An open file of a simulated disk.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use usage_journal::{DiskFile, Identity};

use super::fault::Fault;
use super::world::{Inode, World};

#[derive(Debug)]
pub(crate) struct SimFile {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) process: u32,
    pub(super) inode: u64,
    pub(super) handle: u64,
}

impl SimFile {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn whole<T>(&self, act: impl FnOnce(&mut Inode) -> T) -> io::Result<T> {
        let mut world = self.world();
        world.whole(self.process)?;
        // A power loss takes files from under processes that are still to be dropped.
        let inode = world.inodes.get_mut(&self.inode);
        Ok(act(inode.ok_or_else(|| io::Error::other("no such file"))?))
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let start = usize::try_from(offset).unwrap();
        let bad = self.world().unreadable.clone();
        if start < bad.end && bad.start < start + bytes.len() {
            return Err(io::Error::other("this place cannot be read"));
        }
        let flaw = self.world().flaw;
        self.whole(|inode| {
            let data = flaw.read(&inode.data);
            let data = data.get(start..).unwrap_or_default();
            let length = data.len().min(bytes.len());
            bytes[..length].copy_from_slice(&data[..length]);
            length
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut world = self.world();
        let fault = world.tick(self.process)?;
        let length = if fault.is_none() { bytes.len() } else { bytes.len() / 2 };
        let inode = world.inodes.get_mut(&self.inode).ok_or(io::ErrorKind::NotFound)?;
        if length > 0 {
            inode.write(&bytes[..length], usize::try_from(offset).unwrap());
        }
        match fault {
            None | Some(Fault::Short) => Ok(length),
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(Fault::Death) => Err(io::Error::other("this process dies")),
        }
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        if self.world().space < len {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.whole(|inode| inode.resize(usize::try_from(len).unwrap()))?;
        self.world().space -= len;
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        self.whole(|inode| inode.data.len() as u64)
    }

    fn sync(&self) -> io::Result<()> {
        self.world().syncs += 1;
        self.whole(Inode::sync)
    }

    fn try_lock(&self) -> io::Result<bool> {
        self.whole(|inode| {
            let others = inode.exclusive.is_some_and(|owner| owner != self.handle)
                || inode.shared.iter().any(|reader| *reader != self.handle);
            if !others {
                inode.exclusive = Some(self.handle);
            }
            !others
        })
    }

    fn try_lock_shared(&self) -> io::Result<bool> {
        self.whole(|inode| {
            let free = inode.exclusive.is_none();
            if free {
                inode.shared.insert(self.handle);
            }
            free
        })
    }

    fn identity(&self) -> io::Result<Identity> {
        self.whole(|_| (1, self.inode))
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        if let Ok(mut world) = self.world.lock()
            && let Some(inode) = world.inodes.get_mut(&self.inode)
        {
            inode.shared.remove(&self.handle);
            inode.exclusive.take_if(|owner| *owner == self.handle);
        }
    }
}
