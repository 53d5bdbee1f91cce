//! Which page belongs to which table, also where those that lead to it are damaged.

use std::collections::BTreeMap;

use rusqlite::types::Value;

use super::cells::{Page, Row, word};
use super::pages::Pages;

/// The pages of the tables of a damaged database.
pub(super) struct Trees {
    pub(super) pages: Pages,
    /// Of each table or index, by name, the pages that can be read.
    of: BTreeMap<String, Vec<u32>>,
    /// The number of pages that cannot be read, by the table or index that they belong to.
    pub(super) damaged: BTreeMap<String, u64>,
}

/// The name of the table of tables.
const SCHEMA: &str = "sqlite_schema";
/// A tree is not as deep.
const DEEPEST: usize = 32;

impl Trees {
    /// Finds the pages of everything that the database says it has. Where it does not say where a tree begins, it begins
    /// where it does in a ledger that was just made, if there is one.
    pub(super) fn find(pages: Pages, fresh: &BTreeMap<String, u32>) -> Self {
        let mut trees = Self { pages, of: BTreeMap::new(), damaged: BTreeMap::new() };
        let mut owners = vec![None; trees.pages.count as usize + 1];
        let mut names = Vec::new();
        trees.walk(SCHEMA, 1, &mut owners, &mut names);
        let mut roots = BTreeMap::new();
        let mut is_whole = !trees.damaged.contains_key(SCHEMA);
        trees.each_row(SCHEMA, |row| {
            is_whole &= row.is_some();
            let values = row.map(|row| row.values);
            if let Some([_, Value::Text(name), _, Value::Integer(root), _]) = values.as_deref()
                && let Ok(root) = u32::try_from(*root)
            {
                roots.insert(name.clone(), root);
            }
        });
        let taken: Vec<u32> = roots.values().copied().collect();
        // An older ledger has fewer tables.
        let elsewhere = fresh.iter().filter(|_| !is_whole);
        for (name, root) in elsewhere {
            if !roots.contains_key(name) && !taken.contains(root) {
                roots.insert(name.clone(), *root);
            }
        }
        for (name, root) in &roots {
            trees.walk(name, *root, &mut owners, &mut names);
        }
        trees.adopt(&mut owners, &names);
        trees
    }

    /// Hands out the rows of a table or index; nothing in place of one that cannot be read.
    pub(super) fn each_row(&mut self, name: &str, mut found: impl FnMut(Option<Row>)) {
        for number in self.of.get(name).cloned().unwrap_or_default() {
            let page = self.pages.read(number).and_then(|bytes| Page::of(number, bytes));
            if let Some(page) = page {
                page.each_row(&mut self.pages, &mut found);
            }
        }
    }

    /// Goes from a root to all that it leads to.
    fn walk(
        &mut self,
        name: &str,
        root: u32,
        owners: &mut [Option<usize>],
        names: &mut Vec<String>,
    ) {
        let owner = names.len();
        names.push(name.to_owned());
        let mut next = vec![root];
        let mut family = None;
        while let Some(number) = next.pop() {
            let Some(slot) = owners.get_mut(number as usize) else {
                // The file was cut.
                *self.damaged.entry(name.to_owned()).or_default() += 1;
                continue;
            };
            if slot.is_some() || number == 0 {
                continue;
            }
            *slot = Some(owner);
            let page = self.pages.read(number).and_then(|bytes| Page::of(number, bytes));
            let is_of =
                |page: &Page| page.kind.is_index() == *family.get_or_insert(page.kind.is_index());
            match page.filter(is_of) {
                Some(page) => {
                    next.extend(page.children());
                    self.of.entry(name.to_owned()).or_default().push(number);
                }
                None => *self.damaged.entry(name.to_owned()).or_default() += 1,
            }
        }
    }

    /// Gives the pages that no page leads to any more to the tree that they say they belong to: with incremental
    /// vacuum, SQLite keeps the parent of each page.
    fn adopt(&mut self, owners: &mut [Option<usize>], names: &[String]) {
        for number in 2..=self.pages.count {
            if owners[number as usize].is_some() {
                continue;
            }
            let Some(owner) = self.owner_above(number, owners) else { continue };
            let name = &names[owner];
            let is_index =
                self.of.get(name).and_then(|pages| pages.first().copied()).map(|first| {
                    let page = self.pages.read(first).and_then(|bytes| Page::of(first, bytes));
                    page.map(|page| page.kind.is_index())
                });
            let page = self.pages.read(number).and_then(|bytes| Page::of(number, bytes));
            match page {
                Some(page) if is_index.flatten().is_none_or(|is| is == page.kind.is_index()) => {
                    owners[number as usize] = Some(owner);
                    self.of.entry(name.clone()).or_default().push(number);
                }
                _ => *self.damaged.entry(name.clone()).or_default() += 1,
            }
        }
    }

    /// Returns the tree of the closest page above that is known.
    fn owner_above(&mut self, number: u32, owners: &[Option<usize>]) -> Option<usize> {
        let mut ancestor = number;
        for _ in 0..DEEPEST {
            ancestor = self.parent(ancestor)?;
            if let Some(owner) = *owners.get(ancestor as usize)? {
                return Some(owner);
            }
        }
        None
    }

    /// The parent of a page of a tree, as the map of pages has it; nothing of others, free ones included.
    fn parent(&mut self, number: u32) -> Option<u32> {
        const ENTRY: u32 = 5;
        /// A page of a b-tree that is no root.
        const OF_TREE: u8 = 5;
        let entries = u32::try_from(self.pages.usable()).ok()? / ENTRY;
        let behind = number.checked_sub(2)?;
        let map = behind / (entries + 1) * (entries + 1) + 2;
        let place = number.checked_sub(map + 1)?;
        let bytes = self.pages.read(map)?;
        let at = (place * ENTRY) as usize;
        (*bytes.get(at)? == OF_TREE).then(|| word(&bytes, at + 1)).flatten()
    }
}
