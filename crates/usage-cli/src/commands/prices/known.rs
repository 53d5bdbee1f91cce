//! All that is known of a model's prices: in each tier, at each time, for each size of input.

use usage_core::pricing::{PriceList, Question, Quote, Terms};
use usage_core::{Tier, Timestamp};

/// No model has as many cliffs.
const MOST_CLIFFS: usize = 8;

/// Nor had as many prices one after the other, unless these change by the hour.
const MOST_TIMES: usize = 16;

/// Prices with the conditions under which they hold.
pub(super) struct Known {
    pub(super) tier: Tier,
    /// From ever without.
    pub(super) since: Option<Timestamp>,
    /// Holds for requests whose input is larger than this.
    pub(super) above: u64,
    /// `None` where there is no price from then on.
    pub(super) terms: Option<Terms>,
}

/// Returns the answer for each size of input, the smallest requests first: one at least.
pub(super) fn by_size(list: &dyn PriceList, question: &Question<'_>) -> Vec<Quote> {
    let mut answers = vec![list.quote(&question.with_total_input(0))];
    while let Some(last) = answers.last().map(|quote| *quote.validity.total_input.end()) {
        if last == u64::MAX || answers.len() > MOST_CLIFFS {
            break;
        }
        answers.push(list.quote(&question.with_total_input(last + 1)));
    }
    answers
}

/// Returns the end of the time for which answers hold; the latest instant there is where no others follow.
pub(super) fn end_of(answers: &[Quote]) -> i64 {
    answers.iter().map(|quote| quote.validity.micros.end).min().unwrap_or(i64::MAX)
}

/// Returns the input beyond which an answer holds.
pub(super) fn above(quote: &Quote) -> u64 {
    quote.validity.total_input.start().saturating_sub(1)
}

/// Returns all prices of a model; `None` where they change by the hour, which would be too much to write down.
pub(super) fn all(list: &dyn PriceList, question: &Question<'_>) -> Option<Vec<Known>> {
    let mut all = Vec::new();
    for tier in Tier::ALL {
        let mut at = Timestamp::MIN_RECORD;
        let mut has_had = false;
        for time in 0.. {
            if time == MOST_TIMES {
                return None;
            }
            let since = (at > Timestamp::MIN_RECORD).then_some(at);
            let Question { provider, model, .. } = *question;
            let question = Question::new(provider, model, at).in_tier(tier.name());
            let answers = by_size(list, &question);
            let has = answers.iter().any(|quote| quote.terms.is_ok());
            // Before the first prices there is nothing to be said; after the last ones, that there are none.
            if has || has_had {
                let known = |quote: &Quote| Known {
                    tier,
                    since,
                    above: above(quote),
                    terms: quote.terms.ok(),
                };
                let answers = if has { &answers[..] } else { &answers[..1] };
                all.extend(answers.iter().map(known));
            }
            has_had = has;
            let end = end_of(&answers);
            if end == i64::MAX {
                break;
            }
            at = Timestamp::from_micros(end);
        }
    }
    Some(all)
}
