//! The layout of pages for people.

use crate::Timestamp;

/// The layout of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TextOptions {
    /// The columns there are: names are shortened in the middle to fit, numbers never. `None`
    /// shortens nothing.
    pub width: Option<usize>,
    /// True if no name is shortened, though lines may then be longer than `width`.
    pub wide: bool,
    /// True if headings are marked by ANSI styles.
    pub color: bool,
    /// True if columns for kinds of tokens go before bars, and are there on a page without a width too. On a page with
    /// a width there are as many columns as fit anyhow.
    pub kinds: bool,
    /// True if there are only characters of ASCII on the page, besides those of names: the reader's locale has no others.
    pub ascii: bool,
    /// The present: hours, days and the like that are still to come are not listed, unless they hold something.
    pub now: Option<Timestamp>,
}

impl TextOptions {
    /// With so many columns at most.
    #[must_use]
    pub const fn with_width(self, columns: usize) -> Self {
        Self { width: Some(columns), ..self }
    }

    /// With names as long as they are, or not.
    #[must_use]
    pub const fn wide(self, wide: bool) -> Self {
        Self { wide, ..self }
    }

    /// With ANSI styles, or without.
    #[must_use]
    pub const fn colored(self, color: bool) -> Self {
        Self { color, ..self }
    }

    /// With a column for each kind of tokens before bars, or not.
    #[must_use]
    pub const fn with_kinds(self, kinds: bool) -> Self {
        Self { kinds, ..self }
    }

    /// With the present, after which nothing empty is listed.
    #[must_use]
    pub const fn at(self, now: Timestamp) -> Self {
        Self { now: Some(now), ..self }
    }

    /// In ASCII alone, or not.
    #[must_use]
    pub const fn in_ascii(self, ascii: bool) -> Self {
        Self { ascii, ..self }
    }
}
