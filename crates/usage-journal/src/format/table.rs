//! The things that records of a frame share, each once: its label sets, and sessions with tags.

use std::collections::HashMap;
use std::hash::Hash;

use usage_core::{Context, Labels};

/// As many are found by comparing addresses, one after the other; more by their text.
const FEW: usize = 32;

/// A value whose clones share one allocation.
pub(super) trait Shared: Clone + Eq + Hash {
    /// Returns whether both are clones of one value.
    fn is_same(&self, other: &Self) -> bool;
}

impl Shared for Labels {
    #[inline]
    fn is_same(&self, other: &Self) -> bool {
        self.is_same_allocation(other)
    }
}

impl Shared for Context {
    #[inline]
    fn is_same(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

/// The values of one frame, each once.
#[derive(Debug)]
pub(super) struct Table<T> {
    known: Vec<T>,
    /// The same by their text, once they are not few.
    by_text: HashMap<T, u32>,
    last: usize,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { known: Vec::new(), by_text: HashMap::new(), last: 0 }
    }
}

impl<T: Shared> Table<T> {
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.by_text.clear();
        self.last = 0;
    }

    pub(super) fn all(&self) -> &[T] {
        &self.known
    }

    /// Returns the place of a value. Calls `added` where it is new.
    #[inline]
    pub(super) fn index(&mut self, value: &T, added: impl FnOnce(&T)) -> u32 {
        let same = |known: &T| known.is_same(value);
        if !self.known.get(self.last).is_some_and(same) {
            self.last = match self.known.iter().take(FEW).position(same) {
                Some(index) => index,
                None => self.by_text(value, added),
            };
        }
        u32::try_from(self.last).unwrap_or(u32::MAX)
    }

    fn by_text(&mut self, value: &T, added: impl FnOnce(&T)) -> usize {
        if let Some(&index) = self.by_text.get(value) {
            return index as usize;
        }
        let index = self.known.len();
        added(value);
        self.known.push(value.clone());
        self.by_text.insert(value.clone(), u32::try_from(index).unwrap_or(u32::MAX));
        index
    }
}
