//! Requests that have no price, by model, and why.

use std::collections::HashMap;
use std::ops::ControlFlow;

use usage_core::pricing::{Kind, Unknown, cost};
use usage_core::{Filter, Label, Measure, TimeRange};

use super::rows::Reader;
use super::{LedgerPrices, READ};
use crate::Result;

/// Requests of a model that have no price.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missing {
    /// Who served them; may be empty.
    pub provider: String,
    /// The model.
    pub model: String,
    /// Their tier; empty where it is not known.
    pub tier: String,
    /// Why they have none.
    pub why: WhyMissing,
    /// Their number.
    pub requests: u64,
    /// Their tokens.
    pub tokens: u64,
}

/// Why requests have no price.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhyMissing {
    /// They were stored without list prices, and nobody has priced them since.
    NotYet,
    /// No book of the ledger says what they cost.
    Unknown {
        /// What is not known.
        why: Unknown,
        /// The models that could be meant, `provider/model`, with a comma between them.
        candidates: String,
    },
    /// Something was used of a kind that has no price.
    Kind(Kind),
}

impl LedgerPrices<'_> {
    /// Returns what has no price among the records of a range that pass a filter, most requests first. Reads each of
    /// them.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn missing(&self, range: TimeRange, filter: &Filter) -> Result<Vec<Missing>> {
        self.store.read(READ, |connection| {
            let mut found = HashMap::<(i64, WhyMissing), Missing>::new();
            let mut reader = Reader::new(connection, range, filter)?;
            reader.each_behind((i64::MIN, i64::MIN), |row, costs| {
                if row.totals[Measure::Priced] == 0 {
                    let why = match row.terms.map(|id| costs.terms(id)).transpose()? {
                        None => WhyMissing::NotYet,
                        Some(kept) => match &kept.terms {
                            Err(why) => {
                                WhyMissing::Unknown { why: *why, candidates: kept.rule.clone() }
                            }
                            Ok(terms) => match cost(terms, &row.billed()) {
                                Err(error) => WhyMissing::Kind(error.kind),
                                Ok(_) => WhyMissing::NotYet,
                            },
                        },
                    };
                    let name = |label| row.labels.name(label).to_owned();
                    let missing =
                        found.entry((row.label_set, why)).or_insert_with_key(|(_, why)| Missing {
                            provider: name(Label::Provider),
                            model: name(Label::Model),
                            tier: name(Label::Tier),
                            why: why.clone(),
                            requests: 0,
                            tokens: 0,
                        });
                    missing.requests += 1;
                    missing.tokens += row.totals.tokens();
                }
                Ok(ControlFlow::Continue(()))
            })?;
            Ok(by_model(found.into_values()))
        })
    }
}

/// Adds up what differs in other names only.
fn by_model(all: impl Iterator<Item = Missing>) -> Vec<Missing> {
    let mut merged = HashMap::<(String, String, String, WhyMissing), Missing>::new();
    for of in all {
        let key = (of.provider.clone(), of.model.clone(), of.tier.clone(), of.why.clone());
        match merged.entry(key) {
            std::collections::hash_map::Entry::Vacant(new) => {
                new.insert(of);
            }
            std::collections::hash_map::Entry::Occupied(mut sum) => {
                sum.get_mut().requests += of.requests;
                sum.get_mut().tokens += of.tokens;
            }
        }
    }
    let mut all: Vec<_> = merged.into_values().collect();
    all.sort_by(|one, other| {
        let names = |of: &Missing| (of.provider.clone(), of.model.clone(), of.tier.clone());
        other.requests.cmp(&one.requests).then_with(|| names(one).cmp(&names(other)))
    });
    all
}
