//! A user's own prices, above the shipped ones.

use usage_prices::{Answer, Billed, Book, Prices, Query, Why, cost};

use crate::time::micros;

const OWN: &str = r#"
version = "contract of 2026"

[[price]]
provider = "azure"
model = "chat-eu-*"
like = "openai/gpt-5"

[[price]]
model = "qwen3-coder:30b"
provider = "ollama"
input = "0.05"
output = "0.10"

[[price]]
model = "qwen3-coder:30b"
provider = "ollama"
since = "2026-06-01"
input = "0.04"
output = "0.08"

[[price]]
model = "qwen3-coder:30b"
provider = "ollama"
since = "2026-06-01"
above = 100000
input = "0.08"
output = "0.16"

[[price]]
model = "anywhere"
tier = "batch"
hours = "22:00-06:00"
input = "1"
web_searches = "2.5"

[[price]]
provider = "openai"
model = "gpt-5"
input = "1.00"
output = "8.00"

[[price]]
provider = "openai"
model = "gpt-4o"
"#;

fn find(query: &Query<'_>) -> Answer {
    Prices::shipped().with(Book::from_toml(OWN).unwrap()).find(query)
}

#[test]
fn a_users_own_prices_hold_before_the_shipped_ones() {
    let at = |provider, model, time, total_input| {
        find(&Query { provider, model, micros: micros(time), total_input, ..Query::default() })
    };
    let terms = |answer: Answer| answer.found().unwrap().terms.to_string();
    let now = "2026-11-28T12:00";
    assert_eq!(terms(at("openai", "gpt-5", now, 0)), "in=1 out=8");
    assert_eq!(terms(at("openai", "gpt-5-mini", now, 0)), "in=.25 out=2 read=.025 search=10");
    assert_eq!(terms(at("azure", "Chat-EU-2", now, 0)), "in=1.25 out=10 read=.125 search=10");
    assert_eq!(terms(at("ollama", "qwen3-coder:30b", "2026-05-31T23:59", 0)), "in=.05 out=.1");
    assert_eq!(
        terms(at("ollama", "qwen3-coder:30b", "2026-06-01T00:00", 100_000)),
        "in=.04 out=.08"
    );
    assert_eq!(
        terms(at("ollama", "qwen3-coder:30b", "2026-06-01T00:00", 100_001)),
        "in=.08 out=.16"
    );
    assert!(
        matches!(at("openai", "gpt-4o", now, 0), Answer::Unknown { why: Why::Price, .. }),
        "said to have none"
    );
    assert!(matches!(at("ollama", "other", now, 0), Answer::Unknown { .. }));
}

#[test]
fn a_name_of_the_users_own_holds_whoever_serves_it() {
    for provider in ["", "vllm", "openai"] {
        let query = Query {
            provider,
            model: "anywhere",
            tier: "batch",
            micros: micros("2026-11-28T23:00"),
            total_input: 0,
        };
        let found = find(&query).found().unwrap();
        let billed = Billed { input: 3, web_searches: 2, ..Billed::default() };
        assert_eq!(cost(&found.terms, &billed), Ok(3 * 1_000_000 + 2 * 2_500_000_000));
        let by_day = Query { micros: micros("2026-11-28T12:00"), ..query };
        assert!(matches!(find(&by_day), Answer::Unknown { why: Why::Tier, .. }));
    }
}

#[test]
fn the_file_in_the_documentation_is_read() {
    let page = include_str!("../../../../docs/reference/prices.md");
    let example = page.split_once("```toml\n").unwrap().1.split_once("```").unwrap().0;
    let own = Book::from_toml(example).unwrap();
    assert_eq!(own.version(), "our contract of 2026");
    assert_eq!(own.models().collect::<Vec<_>>(), ["azure/chat-eu-*", "ollama/qwen3-coder:30b"]);
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let told = |text: &str| Book::from_toml(text).unwrap_err().to_string();
    let cases = [
        (
            "[[price]]\nmodel = 'x'\ninput = 3\n",
            "line 3: invalid type: integer `3`, expected a string",
        ),
        ("[[price]]\nmodel = 'x'\ninput = '-3'\n", "line 1: input: \"-3\" is not a price: "),
        (
            "[[price]]\nmodel = 'x'\ninput = '0.0000001'\n",
            "line 1: input: \"0.0000001\" is not a price: ",
        ),
        ("[[price]]\nmodel = 'x'\ninptu = '3'\n", "line 3: unknown field `inptu`"),
        ("\n[[price]]\ninput = '3'\n", "line 2: missing field `model`"),
        ("[[price]]\nmodel = '*'\n", "line 1: model = \"*\" is no name"),
        (
            "[[price]]\nmodel = 'x'\ntier = 'slow'\n",
            "line 1: tier = \"slow\" is none of standard, batch, flex, priority, fast",
        ),
        (
            "[[price]]\nmodel = 'x'\nsince = '2026-02-30'\n",
            "line 1: since = \"2026-02-30\" is no day",
        ),
        ("[[price]]\nmodel = 'x'\nhours = '8-9'\n", "line 1: hours = \"8-9\" are none"),
        ("[[price]]\nmodel = 'x'\nlike = 'gpt-5'\n", "line 1: like = \"gpt-5\" is not"),
        (
            "[[price]]\nmodel = 'x'\nlike = 'a/b'\ninput = '1'\n",
            "line 1: x is like another and has prices too",
        ),
        (
            "[[price]]\nmodel = 'x'\ninput = '1'\n[[price]]\nmodel = 'x'\ninput = '2'\n",
            "line 4: x has two prices for the same case",
        ),
        ("[[price", "line 1: "),
    ];
    for (text, expected) in cases {
        let told = told(text);
        assert!(told.starts_with(expected), "{told}\nand not\n{expected}");
    }
}
