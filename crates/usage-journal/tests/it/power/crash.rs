//! The states that a power loss can leave: of each sector any of its contents since it was last
//! synced, of each name any since the folder was, of the ledger any commit since it was made durable.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::disk::Op;
use crate::sim::{Content, Random, SimDisk};

/// The size of what a disk writes whole.
const SECTOR: usize = 64;

/// The state that a power loss has left, and the records that must be found in it.
pub(crate) struct Left {
    pub(crate) disk: SimDisk,
    pub(crate) ledger: Content,
    pub(crate) given: BTreeSet<u64>,
    pub(crate) acknowledged: BTreeSet<u64>,
    /// The number of sectors that are not as they were.
    pub(crate) lost_sectors: usize,
}

#[derive(Default)]
struct Sector {
    /// All that it ever was, oldest first.
    contents: Vec<Vec<u8>>,
    /// The content that the disk has at the least.
    durable: usize,
    /// Set when something is to be written.
    dirty: bool,
}

#[derive(Default)]
struct Inode {
    data: Vec<u8>,
    sectors: BTreeMap<usize, Sector>,
    /// The lengths since the last sync, oldest first.
    lengths: Vec<usize>,
    names: Vec<Option<PathBuf>>,
}

impl Inode {
    fn changed(&mut self, from: usize, to: usize) {
        for number in from / SECTOR..to.div_ceil(SECTOR) {
            let range = number * SECTOR..self.data.len().min((number + 1) * SECTOR);
            let content = self.data.get(range).unwrap_or_default().to_vec();
            let sector = self.sectors.entry(number).or_default();
            if sector.contents.is_empty() {
                sector.contents.push(vec![0; SECTOR]);
            }
            sector.contents.push(content);
            sector.dirty = true;
        }
    }

    fn synced(&mut self, ok: bool) {
        for sector in self.sectors.values_mut() {
            if ok && sector.dirty {
                sector.durable = sector.contents.len() - 1;
            }
            // After a failed sync as well: nobody will write it any more.
            sector.dirty = false;
        }
        if ok {
            self.lengths.drain(..self.lengths.len().saturating_sub(1));
        }
    }

    fn left(&self, random: &mut Random, lost: &mut usize) -> Vec<u8> {
        let length = self.lengths.get(random.up_to(self.lengths.len() - 1)).copied();
        let mut data = vec![0; length.unwrap_or(0)];
        // A disk that is busy has much left to write, one that is not has little.
        let hurry = random.up_to(3);
        for (number, sector) in &self.sectors {
            let newest = sector.contents.len() - 1;
            let pending = newest - sector.durable;
            let behind = if random.up_to(3) < hurry { 0 } else { random.up_to(pending) };
            *lost += usize::from(behind > 0);
            let content = &sector.contents[newest - behind];
            let start = number * SECTOR;
            let end = data.len().min(start + content.len());
            if start < end {
                data[start..end].copy_from_slice(&content[..end - start]);
            }
        }
        data
    }
}

/// Returns what is left when the power goes off after these operations.
pub(crate) fn crash(ops: &[Op], random: &mut Random) -> Left {
    let mut inodes: BTreeMap<u64, Inode> = BTreeMap::new();
    let mut commits = vec![Content::default()];
    let (mut given, mut acknowledged) = (BTreeSet::new(), BTreeSet::new());
    for op in ops {
        match op {
            Op::Create(inode, path) => {
                let names = vec![None, Some(path.clone())];
                inodes.insert(*inode, Inode { names, lengths: vec![0], ..Inode::default() });
            }
            Op::Rename(inode, path) => {
                // What lay there is gone with the same stroke.
                inodes.get_mut(inode).unwrap().names.push(Some(path.clone()));
            }
            Op::Remove(inode) => inodes.get_mut(inode).unwrap().names.push(None),
            Op::Resize(inode, len) => {
                let inode = inodes.get_mut(inode).unwrap();
                inode.data.resize(*len, 0);
                inode.lengths.push(*len);
            }
            Op::Write(inode, offset, bytes) => {
                let inode = inodes.get_mut(inode).unwrap();
                let end = offset + bytes.len();
                if inode.data.len() < end {
                    inode.data.resize(end, 0);
                    inode.lengths.push(end);
                }
                inode.data[*offset..end].copy_from_slice(bytes);
                inode.changed(*offset, end);
            }
            Op::Sync(inode) => inodes.get_mut(inode).unwrap().synced(true),
            Op::FailedSync(inode) => inodes.get_mut(inode).unwrap().synced(false),
            Op::SyncFolder => {
                for inode in inodes.values_mut() {
                    inode.names.drain(..inode.names.len() - 1);
                }
            }
            Op::Commit(content) => commits.push(content.clone()),
            Op::Durable => drop(commits.drain(..commits.len() - 1)),
            Op::Given(numbers) => given.extend(numbers),
            Op::Acknowledged(numbers) => acknowledged.extend(numbers),
        }
    }
    let disk = SimDisk::new();
    disk.world().boot = 2;
    let mut lost_sectors = 0;
    for inode in inodes.values() {
        if let Some(path) = &inode.names[random.up_to(inode.names.len() - 1)] {
            disk.put(path, &inode.left(random, &mut lost_sectors));
        }
    }
    let ledger = commits.swap_remove(random.up_to(commits.len() - 1));
    Left { disk, ledger, given, acknowledged, lost_sectors }
}
