//! `GET /v1/prices`: the books in force, and the prices of the models that a period has used.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, Request, State};
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};
use usage_core::format::{format_period_json, format_summary_json};
use usage_core::pricing::{Kind, PriceList, Question as Priced};
use usage_core::stats::{Dimension, Grouping, Key, Row, Table};
use usage_core::{Label, Money, ReportQuery, Timestamp};

use crate::answer;
use crate::app::App;
use crate::question;
use crate::routes::asked;
use crate::tokens::Grant;

/// No model has prices for more sizes of input.
const MOST_SIZES: usize = 8;

pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Extension(grant): Extension<Grant>,
    request: Request,
) -> Response<Body> {
    let question = match asked(&app, &grant, &request, question::PRICES) {
        Ok(question) => question,
        Err(wrong) => return *wrong,
    };
    let answered = app.ask(move |app, engine, limits| {
        let by = [Label::Provider, Label::Model].map(Dimension::Label);
        let by = Grouping::new(by).map_err(usage_core::Error::other)?;
        let mut query = ReportQuery::new(question.period).with_filter(question.filter).by(by);
        query.top = question.listing.top;
        let report = usage_core::report(engine, &query.within(limits))?;
        let prices = app.store.prices();
        let books = prices.books().map_err(usage_core::Error::from)?;
        let list = prices.list().map_err(usage_core::Error::from)?;
        let now = app.world.clock.now();
        let books: Vec<_> = books
            .iter()
            .filter(|book| book.is_in_force)
            .map(|book| {
                json!({
                    "name": book.book.name, "version": book.book.version, "date": book.book.date,
                    "whole": book.is_whole, "put_at": book.put_at.to_string(), "put_by": book.put_by,
                })
            })
            .collect();
        let tables = &report.tables;
        let rows = tables.iter().flat_map(Table::rows);
        let models: Vec<_> = rows.map(|row| model(row, list.as_deref(), now)).collect();
        let left_out = tables.iter().find_map(Table::left_out);
        Ok(json!({
            "schema": 1, "period": parsed(&format_period_json(&report.period)),
            "price_basis": "list", "at": now.to_string(), "books": books,
            "summary": parsed(&format_summary_json(&report.summary)), "models": models,
            "left_out": left_out.map(|of| of.count),
        }))
    });
    match answered.await {
        Ok(prices) => answer::json(StatusCode::OK, &prices),
        Err(why) => why.into_response(),
    }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// A model, its totals, and its prices now in the standard tier; null where no book of the ledger can be read.
fn model(row: &Row, list: Option<&dyn PriceList>, now: Timestamp) -> Value {
    let name = |at: usize| match row.keys.get(at) {
        Some(Key::Name(name)) => name.as_str(),
        _ => "",
    };
    let (provider, model) = (name(0), name(1));
    let mut value = json!({ "provider": provider, "model": model });
    if let (Some(value), Value::Object(totals)) =
        (value.as_object_mut(), parsed(&format_summary_json(&row.totals)))
    {
        value.extend(totals);
        let quoted = list.map(|list| quoted(list, &Priced::new(provider, model, now)));
        value.insert("quote".to_owned(), quoted.into());
    }
    value
}

fn quoted(list: &dyn PriceList, question: &Priced<'_>) -> Value {
    let mut answers = vec![list.quote(&question.with_total_input(0))];
    while let Some(last) = answers.last().map(|quote| *quote.validity.total_input.end()) {
        if last == u64::MAX || answers.len() > MOST_SIZES {
            break;
        }
        answers.push(list.quote(&question.with_total_input(last + 1)));
    }
    let first = &answers[0];
    let unknown = first.terms.err();
    let prices = answers.iter().filter_map(|quote| {
        let terms = quote.terms.as_ref().ok()?;
        let usd = |kind: Kind| Some((kind.name(), dollars(kind, terms.price(kind)?)));
        let usd: BTreeMap<_, _> = Kind::ALL.into_iter().filter_map(usd).collect();
        Some(json!({ "above": quote.validity.total_input.start().saturating_sub(1), "usd": usd }))
    });
    json!({
        "rule": unknown.is_none().then_some(&first.rule), "book": first.book,
        "since": first.since.map(|at| at.to_string()),
        "unknown": unknown.map(|why| why.to_string()),
        "candidates": unknown.map(|_| first.rule.split(", ").filter(|it| !it.is_empty()).collect::<Vec<_>>()),
        "prices": prices.collect::<Vec<_>>(),
    })
}

/// A unit price in dollars as people write it: a million tokens, or a thousand searches.
fn dollars(kind: Kind, price: u64) -> String {
    let units = if kind == Kind::WebSearches { 1_000 } else { 1_000_000 };
    Money::from_picos(u128::from(price) * units).to_string()
}
