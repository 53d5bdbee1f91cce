//! Rows on a page of a b-tree, as SQLite's file format has them. Never panics, whatever the bytes are.

use rusqlite::types::Value;

use super::pages::Pages;

/// The kind of a page, by its first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    IndexInterior,
    TableInterior,
    IndexLeaf,
    TableLeaf,
}

impl Kind {
    /// Returns whether its rows have a key in place of an id: of an index, or a table without row ids.
    pub(super) const fn is_index(self) -> bool {
        matches!(self, Self::IndexInterior | Self::IndexLeaf)
    }

    const fn is_interior(self) -> bool {
        matches!(self, Self::IndexInterior | Self::TableInterior)
    }
}

/// A page that looks like one of a b-tree.
pub(super) struct Page {
    pub(super) kind: Kind,
    bytes: Vec<u8>,
    cells: Vec<usize>,
    /// The rightmost child.
    last: Option<u32>,
}

/// A row as it was found.
pub(super) struct Row {
    /// The id; nothing where a key is in its place.
    pub(super) id: Option<i64>,
    pub(super) values: Vec<Value>,
}

/// More bytes than any value of a ledger has: a book of prices has a few hundred thousand.
const MOST_BYTES: u64 = 64 << 20;

impl Page {
    /// Returns nothing where it is no page of a b-tree, or was damaged where its rows are found.
    pub(super) fn of(number: u32, bytes: Vec<u8>) -> Option<Self> {
        let start = if number == 1 { 100 } else { 0 };
        let kind = match *bytes.get(start)? {
            2 => Kind::IndexInterior,
            5 => Kind::TableInterior,
            10 => Kind::IndexLeaf,
            13 => Kind::TableLeaf,
            _ => return None,
        };
        let count = usize::from(half(&bytes, start + 3)?);
        let first = start + if kind.is_interior() { 12 } else { 8 };
        let last = if kind.is_interior() { Some(word(&bytes, start + 8)?) } else { None };
        let mut cells = Vec::with_capacity(count);
        for place in 0..count {
            let at = usize::from(half(&bytes, first + 2 * place)?);
            // Cells lie behind the list of where they are.
            if at < first + 2 * count || at >= bytes.len() {
                return None;
            }
            cells.push(at);
        }
        Some(Self { kind, bytes, cells, last })
    }

    pub(super) fn children(&self) -> impl Iterator<Item = u32> {
        let left = self.cells.iter().filter(|_| self.kind.is_interior());
        left.filter_map(|at| word(&self.bytes, *at)).chain(self.last)
    }

    /// Hands out its rows; nothing in place of one that cannot be read.
    pub(super) fn each_row(&self, pages: &mut Pages, mut found: impl FnMut(Option<Row>)) {
        if self.kind == Kind::TableInterior {
            return;
        }
        for at in &self.cells {
            found(self.row(*at, pages));
        }
    }

    fn row(&self, mut at: usize, pages: &mut Pages) -> Option<Row> {
        if self.kind == Kind::IndexInterior {
            at += 4;
        }
        let len = varint(&self.bytes, &mut at)?.cast_unsigned();
        let id =
            if self.kind == Kind::TableLeaf { Some(varint(&self.bytes, &mut at)?) } else { None };
        let payload = self.payload(at, len, pages)?;
        Some(Row { id, values: values(&payload)? })
    }

    fn payload(&self, at: usize, len: u64, pages: &mut Pages) -> Option<Vec<u8>> {
        let len = usize::try_from(len).ok().filter(|len| *len as u64 <= MOST_BYTES)?;
        let usable = pages.usable();
        let least = (usable - 12) * 32 / 255 - 23;
        let most = if self.kind.is_index() { (usable - 12) * 64 / 255 - 23 } else { usable - 35 };
        if len <= most {
            return self.bytes.get(at..at + len).map(<[u8]>::to_vec);
        }
        let local = match least + (len - least) % (usable - 4) {
            fits if fits <= most => fits,
            _ => least,
        };
        let mut payload = self.bytes.get(at..at + local)?.to_vec();
        let mut next = word(&self.bytes, at + local)?;
        while payload.len() < len {
            let page = pages.read(next).filter(|_| next > 1)?;
            next = word(&page, 0)?;
            let rest = (len - payload.len()).min(usable - 4);
            payload.extend_from_slice(page.get(4..4 + rest)?);
        }
        Some(payload)
    }
}

/// Reads the values of a record; nothing unless its bytes are used up exactly.
fn values(payload: &[u8]) -> Option<Vec<Value>> {
    let mut at = 0;
    let header = usize::try_from(varint(payload, &mut at)?).ok()?;
    let head = payload.get(..header)?;
    let (mut values, mut body) = (Vec::new(), header);
    while at < header {
        let kind = varint(head, &mut at)?.cast_unsigned();
        let len = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 | 7 => 8,
            10 | 11 => return None,
            _ => (kind - 12) / 2,
        };
        let end = body.checked_add(usize::try_from(len).ok()?)?;
        let bytes = payload.get(body..end)?;
        body = end;
        values.push(match kind {
            0 => Value::Null,
            8 => Value::Integer(0),
            9 => Value::Integer(1),
            1..=6 => Value::Integer(integer(bytes)),
            7 => Value::Real(f64::from_bits(integer(bytes).cast_unsigned())),
            // Text that is none is kept as what it is: no column takes it.
            kind if kind % 2 == 1 => str::from_utf8(bytes)
                .map_or_else(|_| Value::Blob(bytes.to_vec()), |text| Value::Text(text.to_owned())),
            _ => Value::Blob(bytes.to_vec()),
        });
    }
    (body == payload.len()).then_some(values)
}

/// Of up to eight bytes, the most significant first.
fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    bytes.iter().fold(if negative { -1 } else { 0 }, |number, byte| number << 8 | i64::from(*byte))
}

/// A number of one to nine bytes.
fn varint(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let mut number = 0_u64;
    for place in 0..9 {
        let byte = u64::from(*bytes.get(*at)?);
        *at += 1;
        if place == 8 {
            number = number << 8 | byte;
            break;
        }
        number = number << 7 | byte & 0x7f;
        if byte & 0x80 == 0 {
            break;
        }
    }
    Some(number.cast_signed())
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at + 2)?.try_into().ok().map(u16::from_be_bytes)
}

pub(super) fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}
