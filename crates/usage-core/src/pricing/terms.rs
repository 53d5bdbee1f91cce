//! Unit prices.

use std::fmt;
use std::str::FromStr;

use super::Kind;

/// The dearest unit: so that the cost of any counts fits into 128 bits. More than a million dollars.
const MAX_PRICE: u64 = 1 << 60;

/// Unit prices: whole pico-dollars (10^-12 US dollars) a token, or a piece. A kind can be without one, which is not
/// the same as a price of zero.
///
/// As text they are what a book says: dollars a million tokens, and a thousand searches.
///
/// ```
/// use usage_core::pricing::{Kind, Terms};
///
/// let terms: Terms = "in=3 out=15 read=.3 search=10".parse()?;
/// assert_eq!(terms.price(Kind::Input), Some(3_000_000)); // pico-dollars a token
/// assert_eq!(terms.price(Kind::WebSearches), Some(10_000_000_000)); // pico-dollars a piece
/// assert_eq!(terms.price(Kind::CacheWrite), None);
/// assert_eq!(terms.to_string(), "in=3 out=15 read=.3 search=10");
/// # Ok::<(), usage_core::pricing::TermsError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Terms {
    prices: [Option<u64>; Kind::PRICED],
}

impl Terms {
    /// Returns the price of one token or piece, in pico-dollars.
    #[must_use]
    pub fn price(&self, kind: Kind) -> Option<u64> {
        self.prices.get(kind as usize).copied().flatten()
    }

    /// Says whether nothing has a price.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prices.iter().all(Option::is_none)
    }

    /// Takes one more price, written in dollars as people write it: a million tokens, or a thousand searches.
    ///
    /// # Errors
    /// A text that is no price, and a kind that has one already.
    pub fn set(&mut self, kind: Kind, text: &str) -> Result<(), TermsError> {
        let price = picos(text, kind.places()).ok_or_else(|| TermsError::price(text))?;
        match self.prices.get_mut(kind as usize) {
            Some(place @ None) => *place = Some(price),
            _ => return Err(TermsError { text: format!("{} twice", kind.word()) }),
        }
        Ok(())
    }
}

/// The reason why a text says no unit prices.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct TermsError {
    text: String,
}

impl TermsError {
    fn price(text: &str) -> Self {
        let text = format!(
            "{text:?} is not a price: dollars a million tokens with at most 6 decimal places, or a thousand \
             searches with at most 9, up to a million dollars a piece"
        );
        Self { text }
    }
}

/// `in=3 out=15`; `-` for no price at all.
impl FromStr for Terms {
    type Err = TermsError;

    fn from_str(text: &str) -> Result<Self, TermsError> {
        let mut terms = Self::default();
        for word in text.split_whitespace().filter(|word| *word != "-") {
            let (name, price) = word
                .split_once('=')
                .ok_or_else(|| TermsError { text: format!("{word:?} is not KIND=PRICE") })?;
            let kind = Kind::ALL.into_iter().find(|kind| kind.word() == name);
            let kind = kind.ok_or_else(|| TermsError { text: format!("no kind is {name:?}") })?;
            terms.set(kind, price)?;
        }
        Ok(terms)
    }
}

impl fmt::Display for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for kind in Kind::ALL {
            let Some(price) = self.price(kind) else { continue };
            write!(f, "{separator}{}={}", kind.word(), dollars(price, kind.places()))?;
            separator = " ";
        }
        if self.is_empty() { f.write_str("-") } else { Ok(()) }
    }
}

/// Reads a decimal number as a whole number of its last place.
fn picos(text: &str, places: usize) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() && fraction.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    if fraction.len() > places || whole.len() > 18 {
        return None;
    }
    // A book has thousands of them: no text is made on the way.
    let zeros = std::iter::repeat_n(b'0', places - fraction.len());
    let mut digits = whole.bytes().chain(fraction.bytes()).chain(zeros);
    let number = digits.try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    });
    number.filter(|price| *price <= MAX_PRICE)
}

fn dollars(price: u64, places: usize) -> String {
    let text = format!("{price:0>width$}", width = places + 1);
    let (whole, fraction) = text.split_at(text.len() - places);
    let fraction = fraction.trim_end_matches('0');
    match (whole, fraction) {
        (whole, "") => whole.to_owned(),
        ("0", fraction) => format!(".{fraction}"),
        (whole, fraction) => format!("{whole}.{fraction}"),
    }
}
