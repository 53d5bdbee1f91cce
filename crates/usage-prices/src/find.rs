//! Which terms a request is priced by.

use std::cell::RefCell;
use std::sync::Arc;

use usage_core::pricing::Validity;

use crate::answer::{Answer, Found, Query, Rule, Why};
use crate::book::{Book, Line, Model, Provider, TIERS, plain};
use crate::pattern::{Pattern, Weight};
use crate::spelling::{Spelling, is_bedrock, spellings};

/// Gateways whose models have the provider in front; their own name says nothing of who answered.
const GATEWAYS: [&str; 1] = ["litellm"];

/// The names that stand for no provider.
const NOBODY: [&str; 2] = ["unknown", "(unknown)"];

/// At most so many candidates are said.
const CANDIDATES: usize = 5;

/// A question with its name in all spellings.
#[derive(Clone)]
pub(crate) struct Asked<'a> {
    query: Query<'a>,
    /// Plain, and empty where nobody said.
    provider: String,
    /// Through a gateway whose prefixes are providers, not makers.
    by_gateway: bool,
    tier: usize,
    spellings: Vec<Spelling>,
    /// For which times and sizes the answer is the same, as far as it is known.
    validity: &'a RefCell<Validity>,
}

impl<'a> Asked<'a> {
    pub(crate) fn new(query: &Query<'a>, tier: usize, validity: &'a RefCell<Validity>) -> Self {
        let provider = plain(query.provider);
        let by_gateway = GATEWAYS.contains(&provider.as_str());
        let provider = if by_gateway || NOBODY.contains(&provider.as_str()) {
            String::new()
        } else {
            provider
        };
        let spellings = spellings(query.model);
        Self { query: *query, provider, by_gateway, tier, spellings, validity }
    }

    fn with(&self, provider: &str, model: &str) -> Self {
        Self {
            query: self.query,
            provider: plain(provider),
            by_gateway: false,
            tier: self.tier,
            spellings: spellings(model),
            validity: self.validity,
        }
    }

    fn name(&self) -> &str {
        self.spellings.first().map_or("", |spelling| spelling.name.as_str())
    }
}

/// Finds the terms in the highest book that says something of the model.
pub(crate) fn find(books: &[Arc<Book>], asked: &Asked<'_>) -> Answer {
    let resolved = resolve(books, asked);
    let mut nearest = Answer::Unknown { why: Why::Provider, candidates: Vec::new() };
    for (at, book) in books.iter().enumerate() {
        let lower = &books[at + 1..];
        // A user's own names of models, whoever serves them.
        let anybody = book.providers.iter().find(|provider| provider.id.is_empty());
        let mut answer = anybody.map(|anybody| of_provider(book, lower, anybody, asked));
        if let Some(Answer::Unknown { why: Why::Model, .. }) | None = answer {
            answer = resolved.as_ref().ok().map(|asked| stated(book, lower, asked));
        }
        match answer {
            Some(answer @ Answer::Unknown { why: Why::Model, .. }) => nearest = answer,
            None | Some(Answer::Unknown { why: Why::Provider, .. }) => {}
            Some(answer) => return answer,
        }
    }
    resolved.err().unwrap_or(nearest)
}

/// The question with a provider that one of the books has, by the name that it has there.
fn resolve<'a>(books: &[Arc<Book>], asked: &Asked<'a>) -> Result<Asked<'a>, Answer> {
    let name = asked.name();
    let known = |name: &str| books.iter().rev().find_map(|book| book.provider(name));
    // No other provider knows an id of Bedrock's; resellers have names of their own in front of it.
    let bedrock = known("aws").filter(|_| is_bedrock(name));
    if !asked.provider.is_empty() {
        let Some(stated) = known(&asked.provider) else {
            let rest = name.rsplit('/').next().unwrap_or(name);
            return Err(Answer::Unknown { why: Why::Provider, candidates: by_makers(books, rest) });
        };
        let reseller = &*stated.id == "openrouter";
        let provider = bedrock.filter(|_| !reseller).unwrap_or(stated);
        return Ok(Asked { provider: provider.id.to_string(), ..asked.clone() });
    }
    if let Some((provider, rest)) =
        name.split_once('/').and_then(|(first, rest)| Some((known(first)?, rest)))
    {
        // What is in front may be the maker, and others serve his models too.
        if provider.is_open && !asked.by_gateway {
            return Err(match said(provider, rest) {
                none if none.is_empty() => {
                    Answer::Unknown { why: Why::Model, candidates: alike(provider, rest) }
                }
                candidates => Answer::Doubtful { candidates },
            });
        }
        return resolve(books, &asked.with(&provider.id, rest));
    }
    if let Some(bedrock) = bedrock {
        return Ok(Asked { provider: bedrock.id.to_string(), ..asked.clone() });
    }
    match books.iter().flat_map(|book| makers(book, name)).collect::<Vec<_>>().as_slice() {
        [] => Err(Answer::Unknown { why: Why::Provider, candidates: Vec::new() }),
        [maker] if !maker.is_open => Ok(Asked { provider: maker.id.to_string(), ..asked.clone() }),
        _ => Err(Answer::Doubtful { candidates: by_makers(books, name) }),
    }
}

/// The models of a book's provider that is known by name.
fn stated(book: &Book, lower: &[Arc<Book>], asked: &Asked<'_>) -> Answer {
    let Some(provider) = book.provider(&asked.provider) else {
        return Answer::Unknown { why: Why::Provider, candidates: Vec::new() };
    };
    let answer = of_provider(book, lower, provider, asked);
    let Answer::Unknown { why: Why::Model, .. } = answer else { return answer };
    let prefixed = asked.name().split_once('/').map(|(first, rest)| (book.provider(first), rest));
    let Some((Some(maker), rest)) = prefixed else { return answer };
    if maker.id == provider.id || provider.sells.contains(&maker.id) {
        return of_provider(book, lower, provider, &asked.with(&provider.id, rest));
    }
    Answer::Unknown { why: Why::Model, candidates: said(maker, rest) }
}

/// The models of their makers that a name could mean.
fn by_makers(books: &[Arc<Book>], name: &str) -> Vec<String> {
    let makers = books.iter().flat_map(|book| makers(book, name));
    makers.flat_map(|maker| said(maker, name)).take(CANDIDATES).collect()
}

/// Returns who makes a model, by its name alone.
fn makers<'b>(book: &'b Book, name: &str) -> Vec<&'b Provider> {
    let spellings = spellings(name);
    let makes = |provider: &&Provider| {
        provider.makes.iter().any(|pattern| {
            spellings
                .iter()
                .any(|spelling| !spelling.is_doubtful && pattern.weight(&spelling.name).is_some())
        })
    };
    book.providers.iter().filter(makes).collect()
}

/// The models of a provider that a name could mean.
fn said(provider: &Provider, name: &str) -> Vec<String> {
    let spelled = spellings(name);
    let of = |spelling: &Spelling| best(provider.matches(&spelling.name));
    let models = spelled.iter().map(of).find(|models| !models.is_empty()).unwrap_or_default();
    let names = models.iter().map(|(model, _)| format!("{}/{}", provider.id, model.id));
    names.take(CANDIDATES).collect()
}

/// The models whose patterns fit best; several where none fits better than another.
fn best<'b>(mut matches: Vec<(Weight, &'b Model, &'b Pattern)>) -> Vec<(&'b Model, &'b Pattern)> {
    let heaviest = matches.iter().map(|(weight, ..)| *weight).max();
    matches.retain(|(weight, ..)| Some(*weight) == heaviest);
    matches.into_iter().map(|(_, model, pattern)| (model, pattern)).collect()
}

fn of_provider(book: &Book, lower: &[Arc<Book>], provider: &Provider, asked: &Asked<'_>) -> Answer {
    let sold = provider.sells.iter().filter_map(|id| book.provider(id));
    for spelling in &asked.spellings {
        for seller in std::iter::once(provider).chain(sold.clone()) {
            let models = best(seller.matches(&spelling.name));
            if models.is_empty() {
                continue;
            }
            let candidates = || {
                models
                    .iter()
                    .map(|(model, _)| format!("{}/{}", seller.id, model.id))
                    .take(CANDIDATES)
                    .collect()
            };
            if spelling.is_doubtful {
                return Answer::Doubtful { candidates: candidates() };
            }
            // What a seller takes for another's model in another tier is not said by its maker.
            if seller.id != provider.id && asked.tier != 0 {
                return Answer::Unknown { why: Why::Tier, candidates: candidates() };
            }
            let mut answers = models.iter().map(|(model, pattern)| {
                priced(book, lower, seller, model, pattern, spelling, asked)
            });
            let first = answers.next().unwrap_or(Answer::Doubtful { candidates: Vec::new() });
            let same = |other: Answer| match (&first, other) {
                (Answer::Found(one), Answer::Found(other)) => one.terms == other.terms,
                (one, other) => *one == other,
            };
            return if answers.all(same) {
                first
            } else {
                Answer::Doubtful { candidates: candidates() }
            };
        }
    }
    Answer::Unknown { why: Why::Model, candidates: alike(provider, asked.name()) }
}

fn priced(
    book: &Book,
    lower: &[Arc<Book>],
    provider: &Provider,
    model: &Model,
    pattern: &Pattern,
    spelling: &Spelling,
    asked: &Asked<'_>,
) -> Answer {
    if let Some((provider, model)) = &model.like {
        return find(lower, &asked.with(provider, model));
    }
    let Query { micros, total_input, .. } = asked.query;
    let Some(Line { since, hours, above, terms, .. }) =
        model.in_force(asked.tier, (micros, total_input), &mut asked.validity.borrow_mut())
    else {
        let why = if model.lines.iter().any(|line| line.tier == asked.tier) || asked.tier != 0 {
            Why::Tier
        } else {
            Why::Price
        };
        return Answer::Unknown { why, candidates: Vec::new() };
    };
    if terms.is_empty() {
        return Answer::Unknown { why: Why::Price, candidates: Vec::new() };
    }
    let rule = Rule {
        book: book.version.clone(),
        provider: provider.id.to_string(),
        model: model.id.to_string(),
        tier: TIERS[asked.tier],
        since: *since,
        above: *above,
        by_hour: hours.is_some(),
        pattern: pattern.to_string(),
        how: spelling.how.clone(),
    };
    Answer::Found(Box::new(Found { terms: *terms, rule }))
}

/// Models of which the name has the longest beginning in common, of a few letters at least.
fn alike(provider: &Provider, name: &str) -> Vec<String> {
    let name = name.rsplit('/').next().unwrap_or(name);
    let common =
        |id: &str| id.bytes().zip(name.bytes()).take_while(|(one, other)| one == other).count();
    let longest = provider.models.iter().map(|model| common(&model.id)).max().unwrap_or(0);
    let near = provider.models.iter().filter(|model| longest >= 5 && common(&model.id) == longest);
    near.take(CANDIDATES).map(|model| format!("{}/{}", provider.id, model.id)).collect()
}
