//! Properties that hold for any counts and any names.

use std::sync::LazyLock;

use proptest::prelude::*;
use usage_prices::{Billed, Book, Kind, Prices, Query, Terms, cost};

fn counts() -> impl Strategy<Value = Billed> {
    (any::<[u32; 5]>(), any::<[u32; 4]>(), any::<u16>()).prop_map(|(wholes, parts, searches)| {
        let [input, output, cache_read, cache_write, _] = wholes.map(u64::from);
        let [input_audio, output_audio, cache_read_audio, cache_write_long] = parts.map(u64::from);
        Billed {
            input,
            output,
            cache_read,
            cache_write,
            cache_write_long: cache_write_long.min(cache_write),
            input_audio: input_audio.min(input),
            output_audio: output_audio.min(output),
            cache_read_audio: cache_read_audio.min(cache_read),
            unclassified: 0,
            web_searches: u64::from(searches),
        }
    })
}

fn terms() -> impl Strategy<Value = Terms> {
    any::<[u32; 9]>().prop_map(|prices| {
        let words =
            ["in", "out", "read", "write", "long", "in-audio", "out-audio", "read-audio", "search"];
        let text: Vec<_> = words
            .iter()
            .zip(prices)
            .map(|(word, price)| format!("{word}={}.{:06}", price / 1_000_000, price % 1_000_000))
            .collect();
        text.join(" ").parse().unwrap()
    })
}

fn plus(one: Billed, other: Billed) -> Billed {
    Billed {
        input: one.input + other.input,
        output: one.output + other.output,
        cache_read: one.cache_read + other.cache_read,
        cache_write: one.cache_write + other.cache_write,
        cache_write_long: one.cache_write_long + other.cache_write_long,
        input_audio: one.input_audio + other.input_audio,
        output_audio: one.output_audio + other.output_audio,
        cache_read_audio: one.cache_read_audio + other.cache_read_audio,
        unclassified: one.unclassified + other.unclassified,
        web_searches: one.web_searches + other.web_searches,
    }
}

proptest! {
    #[test]
    fn costs_add_up(terms in terms(), one in counts(), other in counts()) {
        let sum = cost(&terms, &one).unwrap() + cost(&terms, &other).unwrap();
        prop_assert_eq!(cost(&terms, &plus(one, other)), Ok(sum));
    }

    #[test]
    fn more_never_costs_less(terms in terms(), one in counts(), other in counts()) {
        prop_assert!(cost(&terms, &plus(one, other)).unwrap() >= cost(&terms, &one).unwrap());
    }

    #[test]
    fn terms_are_read_as_they_are_written(terms in terms()) {
        prop_assert_eq!(terms.to_string().parse(), Ok(terms));
    }

    #[test]
    fn a_cliff_is_passed_by_one_token(above in 1..1_000_000_u64, below in 0..1_000_000_u64) {
        let file = format!(
            "[[price]]\nmodel = 'x'\ninput = '1'\n[[price]]\nmodel = 'x'\nabove = {above}\ninput = '2'\n"
        );
        let prices = Prices::default().with(Book::from_toml(&file).unwrap());
        let price = |total_input| {
            let found = prices.find(&Query { model: "x", total_input, ..Query::default() }).found().unwrap();
            assert_eq!(found.rule.above, if total_input > above { above } else { 0 });
            found.terms.price(Kind::Input)
        };
        prop_assert_eq!(price(above), Some(1_000_000));
        prop_assert_eq!(price(above + 1), Some(2_000_000));
        prop_assert_eq!(price(below.min(above)), Some(1_000_000));
        prop_assert_eq!(price(above + 1 + below), Some(2_000_000));
    }

    #[test]
    fn any_name_is_answered_the_same_again(provider in "\\PC{0,12}", model in "\\PC{0,40}", micros: i64) {
        let query = Query { provider: &provider, model: &model, micros, ..Query::default() };
        prop_assert_eq!(Prices::shipped().find(&query), Prices::shipped().find(&query));
    }
}

#[test]
fn the_dearest_counts_do_not_overflow() {
    let dearest = "in=1000000 out=1000000 read=1000000 write=1000000 long=1000000 in-audio=1000000 out-audio=1000000 \
                   read-audio=1000000 search=1000000000";
    let terms: Terms = dearest.parse().unwrap();
    let most = u64::MAX;
    let billed = Billed {
        input: most,
        output: most,
        cache_read: most,
        cache_write: most,
        web_searches: most,
        ..Billed::default()
    };
    assert_eq!(
        cost(&terms, &billed),
        Ok(u128::from(most) * (4 * 1_000_000_000_000 + 1_000_000_000_000_000_000))
    );
}

#[test]
fn each_kind_needs_a_price_of_its_own() {
    let of = |billed: Billed| {
        cost(&"in=1 out=1 read=1 write=1".parse().unwrap(), &billed).map_err(|error| error.kind)
    };
    let none = Billed::default();
    assert_eq!(of(none), Ok(0));
    assert_eq!(of(Billed { input: 2, output: 3, ..none }), Ok(5_000_000));
    assert_eq!(of(Billed { input: 2, input_audio: 1, ..none }), Err(Kind::InputAudio));
    assert_eq!(of(Billed { output: 2, output_audio: 2, ..none }), Err(Kind::OutputAudio));
    assert_eq!(
        of(Billed { cache_read: 2, cache_read_audio: 1, ..none }),
        Err(Kind::CacheReadAudio)
    );
    assert_eq!(
        of(Billed { cache_write: 2, cache_write_long: 1, ..none }),
        Err(Kind::CacheWriteLong)
    );
    assert_eq!(of(Billed { web_searches: 1, ..none }), Err(Kind::WebSearches));
    assert_eq!(of(Billed { unclassified: 1, ..none }), Err(Kind::Unclassified));
    assert_eq!(
        cost(&"in=0".parse().unwrap(), &Billed { input: 2, ..none }),
        Ok(0),
        "free is a price"
    );
}

/// Each model of the shipped book by its own name, with the words of its tiers.
fn any_question() -> impl Strategy<Value = (String, String, &'static str)> {
    static MODELS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let shipped = Prices::shipped();
        shipped.books().flat_map(|book| book.models().collect::<Vec<_>>()).collect()
    });
    let tier = prop::sample::select(vec!["", "batch", "flex", "priority", "fast"]);
    let model = prop_oneof![
        3 => prop::sample::select(&**MODELS),
        1 => Just("deepseek/deepseek-reasoner".to_owned()),
        1 => Just("deepseek/deepseek-v4-flash".to_owned()),
        1 => Just("google/gemini-2.5-pro".to_owned()),
    ];
    (model, tier).prop_map(|(model, tier)| {
        let (provider, model) = model.split_once('/').unwrap();
        (provider.to_owned(), model.to_owned(), tier)
    })
}

/// An instant of 2025 or 2026, and a size about a cliff.
fn when_and_size() -> impl Strategy<Value = (i64, u64)> {
    let micros = 1_735_000_000..1_796_000_000_i64;
    let size = prop_oneof![0..1_000_u64, 199_998..200_003_u64, 0..2_000_000_u64];
    (micros.prop_map(|seconds| seconds * 1_000_000), size)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Who keeps answers asks again only where one does not hold any more.
    #[test]
    fn an_answer_holds_where_it_says(
        (provider, model, tier) in any_question(),
        (micros, total_input) in when_and_size(),
        (others, shift, sizes) in (prop::collection::vec(0..1_000_i64, 4), -90_000_000_000..90_000_000_000_i64, prop::collection::vec(0..1_000_000_u64, 4)),
    ) {
        let prices = Prices::shipped();
        let query = |micros, total_input| Query {
            provider: &provider, model: &model, tier, micros, total_input,
        };
        let (answer, validity) = prices.find_with_validity(&query(micros, total_input));
        prop_assert!(validity.micros.contains(&micros), "{:?}", validity);
        prop_assert!(validity.total_input.contains(&total_input), "{:?}", validity);
        let first = validity.micros.start.max(1_700_000_000_000_000);
        let last = validity.micros.end.min(1_800_000_000_000_000) - 1;
        let between = others.iter().map(|at| first + (last - first) / 1_000 * at);
        let near = [first, last, micros + shift].into_iter().filter(|at| (first..=last).contains(at));
        let sizes = sizes.into_iter().chain([*validity.total_input.start(), *validity.total_input.end()]);
        let sizes: Vec<_> = sizes.filter(|size| validity.total_input.contains(size)).collect();
        for micros in between.chain(near) {
            for size in &sizes {
                let (other, _) = prices.find_with_validity(&query(micros, *size));
                prop_assert_eq!(&other, &answer, "{} {}", micros, size);
            }
        }
    }
}
