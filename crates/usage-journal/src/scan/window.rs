//! A piece of a file in memory.

use std::io;

use crate::disk::{DiskFile, read_full};

const AT_ONCE: usize = 256 * 1024;
const PAGE: u64 = 4096;

/// A piece of a file in memory. What it holds is not read again: until [`Window::forget`], what was
/// there once must not change.
#[derive(Debug, Default)]
pub(crate) struct Window {
    bytes: Vec<u8>,
    start: u64,
    /// Set when what cannot be read is taken for zeros.
    tolerant: bool,
}

impl Window {
    pub(super) fn forget(&mut self) {
        self.bytes.clear();
        self.tolerant = false;
    }

    /// Makes what cannot be read zeros from now on, which no checksum accepts.
    pub(super) fn tolerate(&mut self) {
        self.tolerant = true;
    }

    /// Returns the `length` bytes at `offset`, or as many of them as there are before `limit` and the end
    /// of the file.
    pub(super) fn get<F: DiskFile>(
        &mut self,
        file: &F,
        offset: u64,
        length: usize,
        limit: u64,
    ) -> io::Result<&[u8]> {
        let length =
            length.min(usize::try_from(limit.saturating_sub(offset)).unwrap_or(usize::MAX));
        if !self.holds(offset, length) {
            let more = usize::try_from(limit.saturating_sub(offset)).unwrap_or(usize::MAX);
            self.read(file, offset, more.min(length.max(AT_ONCE)))?;
        }
        let at = usize::try_from(offset - self.start).unwrap_or(usize::MAX);
        let held = self.bytes.get(at..).unwrap_or_default();
        Ok(held.get(..length).unwrap_or(held))
    }

    fn holds(&self, offset: u64, length: usize) -> bool {
        offset >= self.start && offset + length as u64 <= self.start + self.bytes.len() as u64
    }

    fn read<F: DiskFile>(&mut self, file: &F, offset: u64, length: usize) -> io::Result<()> {
        self.start = offset;
        self.bytes.clear();
        self.bytes.resize(length, 0);
        let read = match read_full(file, &mut self.bytes, offset) {
            Ok(read) => read,
            Err(_) if self.tolerant => self.read_pages(file, offset),
            Err(error) => {
                self.bytes.clear();
                return Err(error);
            }
        };
        self.bytes.truncate(read);
        Ok(())
    }

    /// Reads page by page, passing over those that cannot be read.
    fn read_pages<F: DiskFile>(&mut self, file: &F, offset: u64) -> usize {
        let mut at = 0;
        while at < self.bytes.len() {
            let place = offset + at as u64;
            let length = usize::try_from(PAGE - place % PAGE).unwrap_or(usize::MAX);
            let end = self.bytes.len().min(at.saturating_add(length));
            let Some(page) = self.bytes.get_mut(at..end) else { break };
            match read_full(file, page, place) {
                Ok(read) if read < page.len() => return at + read,
                Ok(_) => {}
                Err(_) => page.fill(0),
            }
            at = end;
        }
        at
    }
}
