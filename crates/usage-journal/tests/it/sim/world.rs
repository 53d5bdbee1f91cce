//! The state of a simulated disk.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Random;
use super::fault::{Fault, Planned};
use super::flaw::Flaw;

/// Written and lost at once; small, so that a frame lies in several.
const PAGE: usize = 256;

#[derive(Debug, Default)]
pub(crate) struct Inode {
    /// The content as running processes see it.
    pub(crate) data: Vec<u8>,
    /// The content after a power loss, at the least.
    durable: Vec<u8>,
    dirty: BTreeSet<usize>,
    /// Its path, and those since the folder was synced, oldest first.
    names: Vec<Option<PathBuf>>,
    pub(crate) exclusive: Option<u64>,
    pub(crate) shared: BTreeSet<u64>,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) inodes: BTreeMap<u64, Inode>,
    pub(crate) folder: bool,
    pub(crate) faults: Planned<Fault>,
    pub(crate) dead: BTreeSet<u32>,
    /// Bytes that can still be allocated.
    pub(crate) space: u64,
    pub(crate) random: Random,
    pub(crate) next_inode: u64,
    pub(crate) next_handle: u64,
    pub(crate) next_process: u32,
    /// The number of files that were synced.
    pub(crate) syncs: u64,
    /// The number of this run of the machine.
    pub(crate) boot: u32,
    /// A place in files that cannot be read.
    pub(crate) unreadable: Range<usize>,
    /// The faults of the machine.
    pub(crate) flaw: Flaw,
}

impl Default for World {
    fn default() -> Self {
        Self {
            inodes: BTreeMap::new(),
            folder: false,
            faults: Planned::default(),
            dead: BTreeSet::new(),
            space: u64::MAX / 2,
            random: Random(1),
            next_inode: 1,
            next_handle: 1,
            next_process: 1,
            syncs: 0,
            boot: 1,
            unreadable: 0..0,
            flaw: Flaw::None,
        }
    }
}

impl Inode {
    pub(crate) fn path(&self) -> Option<&PathBuf> {
        self.names.last()?.as_ref()
    }

    pub(crate) fn set_path(&mut self, path: Option<PathBuf>) {
        self.names.push(path);
    }

    pub(crate) fn write(&mut self, bytes: &[u8], offset: usize) {
        let end = offset + bytes.len();
        if self.data.len() < end {
            self.data.resize(end, 0);
        }
        self.data[offset..end].copy_from_slice(bytes);
        self.dirty.extend(offset / PAGE..=(end.max(1) - 1) / PAGE);
    }

    pub(crate) fn resize(&mut self, len: usize) {
        let from = self.data.len().min(len);
        self.data.resize(len, 0);
        self.dirty.extend(from / PAGE..len.div_ceil(PAGE));
    }

    pub(crate) fn sync(&mut self) {
        self.durable.clone_from(&self.data);
        self.dirty.clear();
    }

    /// Each page that was not synced is there or is not, and so is each change of its name, in
    /// order.
    fn lose_power(&mut self, random: &mut Random) {
        let mut after = self.durable.clone();
        if !self.dirty.is_empty() && random.coin() {
            after.resize(self.data.len(), 0);
        }
        for page in std::mem::take(&mut self.dirty) {
            let range = page * PAGE..self.data.len().min((page + 1) * PAGE);
            if random.coin() && range.end <= after.len() && !range.is_empty() {
                after[range.clone()].copy_from_slice(&self.data[range]);
            }
        }
        self.data.clone_from(&after);
        self.durable = after;
        let kept = random.up_to(self.names.len() - 1);
        self.names.truncate(kept + 1);
        self.names.drain(..kept);
        (self.exclusive, self.shared) = (None, BTreeSet::new());
    }

    fn sync_name(&mut self) {
        let last = self.names.len() - 1;
        self.names.drain(..last);
    }
}

impl World {
    pub(crate) fn find(&self, path: &Path) -> io::Result<u64> {
        let mut inodes = self.inodes.iter();
        let found = inodes.find(|(_, inode)| inode.path().is_some_and(|at| at == path));
        found.map(|(number, _)| *number).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(crate) fn create(&mut self, path: &Path) -> u64 {
        let number = self.next_inode;
        self.next_inode += 1;
        // Nowhere first: until the folder is synced, a power loss may take it.
        let names = vec![None, Some(path.to_owned())];
        self.inodes.insert(number, Inode { names, ..Inode::default() });
        number
    }

    pub(crate) fn sync_folder(&mut self) {
        self.inodes.values_mut().for_each(Inode::sync_name);
    }

    pub(crate) fn lose_power(&mut self, seed: u64) {
        let mut random = Random(seed);
        self.boot += 1;
        self.inodes.values_mut().for_each(|inode| inode.lose_power(&mut random));
        self.inodes.retain(|_, inode| inode.path().is_some());
        if !self.inodes.is_empty() {
            self.folder = true;
        }
    }

    /// Counts an operation of a process: what goes wrong with it, or that it cannot do any more.
    pub(crate) fn tick(&mut self, process: u32) -> io::Result<Option<Fault>> {
        if self.dead.contains(&process) {
            return Err(io::Error::other("this process is dead"));
        }
        let fault = self.faults.tick();
        if let Some(Fault::Death) = fault {
            self.dead.insert(process);
        }
        Ok(fault)
    }

    /// Does the same for what is done whole or not at all.
    pub(crate) fn whole(&mut self, process: u32) -> io::Result<()> {
        match self.tick(process)? {
            None | Some(Fault::Short) => Ok(()),
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(Fault::Death) => Err(io::Error::other("this process dies")),
        }
    }
}
