//! The models that a book prices otherwise than an earlier one.

use std::collections::BTreeMap;

use crate::book::{Book, Model};

/// The models that one book prices otherwise than another, each as [`Book::models`] names it, in the order of their
/// names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BookDifference {
    /// Those that it alone has.
    pub new: Vec<String>,
    /// Those whose prices, or names, differ.
    pub changed: Vec<String>,
    /// Those that the other one alone has.
    pub gone: Vec<String>,
}

impl Book {
    /// Returns what this book changes where it takes the place of an earlier one.
    ///
    /// ```
    /// use usage_prices::Book;
    ///
    /// let of = |price| format!("[[price]]\nmodel = 'm'\ninput = '{price}'\noutput = '1'\n");
    /// let (earlier, later) = (Book::from_toml(&of("1"))?, Book::from_toml(&of("2"))?);
    /// assert_eq!(later.changes(&earlier).changed, ["m"]);
    /// # Ok::<(), usage_prices::BookError>(())
    /// ```
    #[must_use]
    pub fn changes(&self, earlier: &Self) -> BookDifference {
        let mut before = earlier.by_name();
        let mut difference = BookDifference::default();
        for (name, model) in self.by_name() {
            match before.remove(&name) {
                None => difference.new.push(name),
                Some(other) if !model.is_priced_as(other) => difference.changed.push(name),
                Some(_) => {}
            }
        }
        difference.gone = before.into_keys().collect();
        difference
    }

    fn by_name(&self) -> BTreeMap<String, &Model> {
        let of = self.providers.iter();
        let models = of.flat_map(|of| of.models.iter().map(|model| (of.named(&model.id), model)));
        models.collect()
    }
}

impl Model {
    fn is_priced_as(&self, other: &Self) -> bool {
        self.lines == other.lines && self.like == other.like && self.patterns == other.patterns
    }
}
