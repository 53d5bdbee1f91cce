//! The shipped books, and books that are none.

use usage_prices::{Answer, Book, Prices, Query, Why};

use crate::time::micros;

const DIRECT: &str = include_str!("../../books/direct.txt");
const OPENROUTER: &str = include_str!("../../books/openrouter.txt");

#[test]
fn the_shipped_books_are_whole() {
    for (text, least) in [(DIRECT, 700), (OPENROUTER, 900)] {
        let book = Book::read(text).unwrap();
        assert!(book.models().count() >= least, "{}", book.models().count());
        assert!(book.version().starts_with("genai-prices 0."), "{}", book.version());
        assert_eq!((book.date().len(), book.checksum().len()), (10, 64));
        assert!(
            text.contains("Permission is hereby granted, free of charge"),
            "the licence goes with it"
        );
    }
    let shipped = Prices::shipped();
    assert_eq!(shipped.books().next().unwrap().checksum(), Book::read(DIRECT).unwrap().checksum());
}

/// Each name that a book spells out: no other model takes it.
#[test]
fn no_model_is_taken_for_another() {
    for text in [DIRECT, OPENROUTER] {
        let prices = Prices::default().with(Book::read(text).unwrap());
        let (mut provider, mut wrong, mut tried) = ("", Vec::new(), 0);
        let body = text.split_once("\nsha256 ").unwrap().1;
        for line in body.lines().skip(1).filter(|line| !line.starts_with(' ')) {
            let mut words = line.split_whitespace();
            match words.next() {
                Some("@") => provider = words.next().unwrap(),
                None | Some("also" | "open" | "makes" | "sells") => {}
                Some(model) => {
                    for name in words
                        .filter_map(|word| word.strip_prefix('='))
                        .filter(|name| !name.contains('#'))
                    {
                        tried += 1;
                        let query = Query {
                            provider,
                            model: name,
                            micros: micros("2026-11-28T12:00"),
                            ..Query::default()
                        };
                        match prices.find(&query) {
                            Answer::Found(found)
                                if (&*found.rule.provider, &*found.rule.model)
                                    == (provider, model) => {}
                            Answer::Unknown { why: Why::Price, .. } => {}
                            other => wrong.push(format!("{provider}/{name} of {model}: {other:?}")),
                        }
                    }
                }
            }
        }
        assert!(tried > 900, "{tried}");
        assert!(wrong.is_empty(), "{}\n{} of {tried}", wrong.join("\n"), wrong.len());
    }
}

#[test]
fn what_is_no_book_is_refused_with_its_line() {
    let told = |text: &str| Book::read(text).unwrap_err().to_string();
    assert_eq!(told(""), "has no checksum");
    assert_eq!(told("usage-prices 2\n"), "line 1: does not begin with \"usage-prices 1\"");
    assert_eq!(told("usage-prices 1\nversion x\n"), "has no checksum");
    assert_eq!(told("usage-prices 1\nvendor x\n"), "line 2: \"vendor\" is not known here");
    let damaged = DIRECT.replacen("in=3 out=15", "in=2 out=15", 1);
    assert_eq!(told(&damaged), "the checksum is not that of what follows: the book is damaged");
    let cut = &DIRECT[..DIRECT.len() - 1];
    assert!(Book::read(cut).is_err());
}
