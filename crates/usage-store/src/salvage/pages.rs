//! The pages of a damaged database and of its write-ahead log, read as a file like any other.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use rustc_hash::FxHashMap;

use crate::ledger::file::write_ahead_log;

/// The size of a page where nobody can say: that of every ledger.
const USUAL: usize = 4_096;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The pages as SQLite would see them.
pub(super) struct Pages {
    file: File,
    log: Option<Log>,
    page_bytes: usize,
    /// The number of pages.
    pub(super) count: u32,
}

impl Pages {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut head = [0; 18];
        let read = file.read(&mut head)?;
        let stated = usize::from(u16::from_be_bytes([head[16], head[17]]));
        let is_stated = read == head.len()
            && head.starts_with(MAGIC)
            && stated.is_power_of_two()
            && stated >= 512;
        let page_bytes = match stated {
            1 if head.starts_with(MAGIC) => 65_536,
            stated if is_stated => stated,
            _ => USUAL,
        };
        let log = Log::open(&write_ahead_log(path), page_bytes);
        let in_file = file.metadata()?.len().div_ceil(page_bytes as u64);
        let in_log = log.as_ref().and_then(|log| log.frames.keys().max()).copied().unwrap_or(0);
        let count = u32::try_from(in_file).unwrap_or(u32::MAX).max(in_log);
        Ok(Self { file, log, page_bytes, count })
    }

    /// The bytes of a page that can hold something; SQLite can keep some free, which ledgers never do.
    pub(super) const fn usable(&self) -> usize {
        self.page_bytes
    }

    /// Reads a page, from 1 on; `None` where there is none, or the disk does not give it.
    pub(super) fn read(&mut self, number: u32) -> Option<Vec<u8>> {
        let mut bytes = vec![0; self.page_bytes];
        if let Some(log) = &mut self.log
            && let Some(at) = log.frames.get(&number)
        {
            log.file.seek(SeekFrom::Start(*at)).ok()?;
            log.file.read_exact(&mut bytes).ok()?;
            return Some(bytes);
        }
        let at = u64::from(number.checked_sub(1)?) * self.page_bytes as u64;
        self.file.seek(SeekFrom::Start(at)).ok()?;
        let mut read = 0;
        // The last one may be cut.
        while read < bytes.len() {
            match self.file.read(&mut bytes[read..]) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return None,
            }
        }
        (read > 0).then_some(bytes)
    }
}

/// What was committed to a write-ahead log: where the last state of each page in it begins.
struct Log {
    file: File,
    frames: FxHashMap<u32, u64>,
}

const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

impl Log {
    /// Reads up to the last whole transaction, as SQLite does.
    fn open(path: &Path, page_bytes: usize) -> Option<Self> {
        let mut file = File::open(path).ok()?;
        let mut header = [0; LOG_HEADER];
        file.read_exact(&mut header).ok()?;
        let word = |bytes: &[u8], at: usize| {
            bytes.get(at..at + 4).and_then(|word| word.try_into().ok()).map(u32::from_be_bytes)
        };
        let magic = word(&header, 0)?;
        let is_big_endian = match magic {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        if word(&header, 8)? as usize != page_bytes {
            return None;
        }
        let mut sum = checksum([0, 0], &header[..24], is_big_endian);
        if sum != [word(&header, 24)?, word(&header, 28)?] {
            return None;
        }
        let (mut frames, mut pending) = (FxHashMap::default(), Vec::new());
        let mut frame = vec![0; FRAME_HEADER + page_bytes];
        let mut at = LOG_HEADER as u64;
        while file.read_exact(&mut frame).is_ok() {
            sum = checksum(sum, &frame[..8], is_big_endian);
            sum = checksum(sum, &frame[FRAME_HEADER..], is_big_endian);
            if frame[8..16] != header[16..24] || sum != [word(&frame, 16)?, word(&frame, 20)?] {
                break;
            }
            pending.push((word(&frame, 0)?, at + FRAME_HEADER as u64));
            if word(&frame, 4)? != 0 {
                frames.extend(pending.drain(..));
            }
            at += frame.len() as u64;
        }
        Some(Self { file, frames })
    }
}

fn checksum([mut one, mut other]: [u32; 2], bytes: &[u8], is_big_endian: bool) -> [u32; 2] {
    let word = |bytes: &[u8]| {
        let bytes = bytes.try_into().unwrap_or_default();
        if is_big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) }
    };
    for pair in bytes.chunks_exact(8) {
        one = one.wrapping_add(word(&pair[..4])).wrapping_add(other);
        other = other.wrapping_add(word(&pair[4..])).wrapping_add(one);
    }
    [one, other]
}
