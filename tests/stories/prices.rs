//! List prices: what is in force, a book of one's own, what has no price, and pricing anew.

use crate::fixture::{Fixture, Run};
use crate::lines::DAY;
use crate::maintenance::on_a_terminal;

/// Three models at one moment: one with a price, one that is nobody's, one whose name could mean several.
const MODELS: &str = r#"
{"instance_id":"i","provider":"openai","route":"r","model":"gpt-5","input_tokens":1000000,"output_tokens":100000,"timestamp":"2026-05-03T08:00:00Z"}
{"instance_id":"i","provider":"our-gpus","route":"r","model":"llama-\"4\"","input_tokens":3000000,"output_tokens":1000000,"timestamp":"2026-05-03T08:00:00Z"}
{"instance_id":"i","provider":"openai","route":"r","model":"gpt-5","tier":"batch","input_tokens":2000000,"output_tokens":0,"timestamp":"2026-05-03T09:00:00Z"}
{"instance_id":"i","provider":"openai","route":"r","model":"gpt-5","input_tokens":0,"cache_write_tokens":500000,"timestamp":"2026-05-03T09:00:00Z"}
{"instance_id":"i","route":"r","model":"chat","tokens":7,"timestamp":"2026-05-03T09:00:00Z"}
"#;

const OWN: &str = "\
version = \"our contract\"

[[price]]
provider = \"openai\"
model = \"gpt-5\"
input = \"1\"
output = \"5\"
";

/// Without what differs from machine to machine: who ran it, and when a book was put in.
fn without_user(run: &Run) -> String {
    let same = |line: &str| match line.split_once("user ") {
        Some((before, _)) => format!("{before}user 1000"),
        None if line.starts_with("    put in ") => "    put in then".to_owned(),
        None => line.to_owned(),
    };
    run.to_string().lines().map(same).collect::<Vec<_>>().join("\n")
}

fn cost(fixture: &Fixture) -> String {
    let report = fixture.report("report --format json");
    report["summary"]["cost_usd"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_price_is_told_with_its_rule() {
    let fixture = Fixture::with("");
    let page = fixture.usage("prices gpt-5 --provider openai").stdout_of_success();
    insta::assert_snapshot!(page, @"
    openai/gpt-5
      at     2026-05-03T12:00:00+00:00
      tier   standard
      rule   openai/gpt-5 by =gpt-5
      book   genai-prices 0.2.3

                                $ a million tokens
      Input                                   1.25
      Output                                    10
      Cache read                             0.125
      Web searches, a thousand                  10
    ");
    let page = fixture.usage("prices anthropic/claude-sonnet-4-5").stdout_of_success();
    insta::assert_snapshot!(page, @"
    anthropic/claude-sonnet-4-5
      at     2026-05-03T12:00:00+00:00
      tier   standard
      rule   anthropic/claude-sonnet-4-5 by ^claude-sonnet-4-5
      book   genai-prices 0.2.3

      By input; $ a million tokens  up to 200,000  above 200,000
      Input                                     3              6
      Output                                   15           22.5
      Cache read                              0.3            0.6
      Cache write                            3.75            7.5
      Cache write, long                         6             12
      Web searches, a thousand                 10             10
    ");
    // By the hour, and by the date.
    let flash = "prices deepseek-v4-flash --provider deepseek --at";
    let page = fixture.usage(&format!("{flash} 2026-08-18T02:00:00Z")).stdout_of_success();
    insta::assert_snapshot!(page, @"
    deepseek/deepseek-v4-flash
      at     2026-08-18T02:00:00+00:00
      tier   standard
      rule   deepseek/deepseek-v4-flash by ^deepseek-v4-flash, by the hour
      book   genai-prices 0.2.3
      since  2026-08-16T16:00:00+00:00
      until  2026-08-18T04:00:00+00:00, when others follow

                  $ a million tokens
      Input                     0.44
      Output                    1.32
      Cache read               0.014
    ");
    let json = fixture.report(&format!("{flash} 2026-08-14 --format json"));
    assert_eq!(json["until"], "2026-08-16T16:00:00+00:00", "{json}");
    let page = fixture.usage("prices gpt-5 --provider openai --tier flex --at 2026-03-01");
    insta::assert_snapshot!(page.stdout_of_success(), @r#"
    openai/gpt-5: no price
      at     2026-03-01T00:00:00+00:00
      tier   flex
      also   standard
      why    the model has no price in this tier
      until  2026-10-12T00:00:00+00:00, when others follow

    To price them, write these lines into your own file, fill in
    dollars a million tokens (searches: a thousand), and run
    `usage prices --set FILE`. It takes the place of the file that
    `usage prices --own` prints. What it says of a model holds
    alone: prices that are known already stand there for that.

    [[price]]
    provider = "openai"
    model = "gpt-5"
    input = "1.25"
    output = "10"
    cache_read = "0.125"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "batch"
    since = "2026-10-14"
    input = "0.625"
    output = "5"
    cache_read = "0.0625"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "flex"
    since = "2026-10-12"
    input = "0.625"
    output = "5"
    cache_read = "0.0625"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "priority"
    since = "2026-10-12"
    input = "2.5"
    output = "20"
    cache_read = "0.25"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "fast"
    since = "2026-10-12"
    input = "2.5"
    output = "20"
    cache_read = "0.25"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "flex"
    input = ""
    output = ""
    "#);
    let json = fixture.report("prices claude-sonnet-4-5 --provider anthropic --format json");
    assert_eq!(json["prices"][0]["input"], "3", "{json}");
    assert_eq!(
        (&json["unknown"], &json["price_basis"]),
        (&serde_json::Value::Null, &"list".into())
    );
    let json = fixture.report("prices nobody-knows --format json");
    assert_eq!(
        (&json["unknown"], json["prices"].as_array().unwrap().len()),
        (&"provider".into(), 0)
    );
}

/// Checks that a line of text never outgrows a narrow terminal but for names, which are not cut.
#[test]
fn pages_fit_narrow_terminals() {
    for columns in [60, 80, 100] {
        let fixture = Fixture::with(MODELS).set("USAGE_WIDTH", columns.to_string());
        for arguments in ["prices", "prices claude-sonnet-4-5", "reprice --dry-run"] {
            let page = fixture.usage(arguments).stdout_of_success();
            let widest = page.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= columns, "{arguments} in {columns}:\n{page}");
        }
    }
}

#[test]
fn a_book_of_ones_own_prices_what_is_stored_from_then_on() {
    let fixture = Fixture::with(MODELS);
    assert_eq!(cost(&fixture), "2.25");
    fixture.write("own.toml", OWN);
    insta::assert_snapshot!(fixture.usage("prices --set own.toml"), @"
    exit 0
    --- stdout
    Put in: own: our contract  |  1 model
      new      openai/gpt-5
    Records that are stored from now on are priced by it.
    Those that are there keep their price, until you run
    `usage reprice`; --dry-run shows what it would change
    ");
    assert_eq!(cost(&fixture), "2.25");
    insta::assert_snapshot!(fixture.usage("prices --set own.toml"), @"
    exit 0
    --- stdout
    In force already: own: our contract
    ");
    insta::assert_snapshot!(without_user(&fixture.usage("prices")), @"
    exit 0
    --- stdout
    Books of prices, the highest first:

      own: our contract
        1 model
        put in then
        by usage 0.1.0, user 1000

      direct: genai-prices 0.2.3, of 2026-11-28
        787 models
        put in then
        by usage 0.1.0, user 1000
    ");
    assert_eq!(fixture.usage("prices --own").stdout_of_success(), OWN);
    fixture.usage_reading("record", MODELS).stdout_of_success();
    assert_eq!(cost(&fixture), "3.75");
    // A file that is no book changes nothing.
    fixture.write("bad.toml", OWN.replace("\"5\"", "5"));
    insta::assert_snapshot!(fixture.usage("prices --set bad.toml"), @"
    exit 1
    --- stderr
    error: bad.toml:7: invalid type: integer `5`, expected a string
    ");
    // Like what has no price itself.
    fixture.write("like.toml", "[[price]]\nmodel = \"chat\"\nlike = \"openai/gpt-55\"\n");
    insta::assert_snapshot!(fixture.usage("prices --set like.toml"), @"
    exit 0
    --- stdout
    Put in: own  |  1 model
      new      chat
      gone     openai/gpt-5
    Records that are stored from now on are priced by it.
    Those that are there keep their price, until you run
    `usage reprice`; --dry-run shows what it would change
    --- stderr
    note: chat has no price now, as openai/gpt-55 has none: the provider has no such model; like openai/gpt-5, openai/gpt-5-image, openai/gpt-5-image-mini, openai/gpt-5-mini, openai/gpt-5-nano?
    ");
    fixture.usage_reading("prices --set -", "").stdout_of_success();
    fixture.usage_reading("record", MODELS).stdout_of_success();
    assert_eq!(cost(&fixture), "6");
}

#[test]
fn a_book_is_taken_in_its_reduced_form_if_it_is_no_older() {
    let fixture = Fixture::with(MODELS);
    let shipped = include_str!("../../crates/usage-prices/books/direct.txt");
    fixture.write("direct.txt", shipped);
    let run = fixture.usage("prices --update direct.txt").stdout_of_success();
    assert!(run.starts_with("In force already: direct: genai-prices "), "{run}");
    fixture.write("newer.txt", shipped.replacen("\ndate 2026", "\ndate 2096", 1));
    let run = fixture.usage("prices --update newer.txt").stdout_of_success();
    assert!(run.starts_with("Put in: direct: genai-prices ") && !run.contains("changed"), "{run}");
    let json = fixture.report("prices --format json");
    let told: Vec<_> = json["books"]
        .as_array()
        .unwrap()
        .iter()
        .map(|book| (&book["name"], &book["in_force"]))
        .collect();
    assert_eq!(told, [(&"direct".into(), &true.into()), (&"direct".into(), &false.into())]);
    // One that was cut short is damaged, and stays out.
    fixture.write("cut.txt", &shipped[..shipped.len() / 2]);
    let run = fixture.usage("prices --update cut.txt");
    assert_eq!(run.code, 1, "{run}");
    assert!(
        run.stderr.contains("error: cut.txt: the checksum is not that of what follows"),
        "{run}"
    );
}

/// Checks that the lines that are told to be written, filled in, price all that can have a price.
#[test]
fn what_has_no_price_is_listed_with_what_to_write() {
    let fixture = Fixture::with(MODELS);
    let list = fixture.usage("prices --missing").stdout_of_success();
    insta::assert_snapshot!(list, @r#"
    Without a price (all-time): 4 requests, 6.5M tokens

      chat
        1 request, 7 tokens
        no book of prices has such a model, and no provider is named

      openai/gpt-5
        1 request, 500,000 tokens
        cache_write has no price

      openai/gpt-5, batch
        1 request, 2.0M tokens
        the model has no price in this tier

      our-gpus/llama-"4"
        1 request, 4.0M tokens
        the provider is in no book of prices

    To price them, write these lines into your own file, fill in
    dollars a million tokens (searches: a thousand), and run
    `usage prices --set FILE`. It takes the place of the file that
    `usage prices --own` prints. What it says of a model holds
    alone: prices that are known already stand there for that.

    [[price]]
    model = "chat"
    input = ""
    output = ""

    [[price]]
    provider = "openai"
    model = "gpt-5"
    input = "1.25"
    output = "10"
    cache_read = "0.125"
    cache_write = ""
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "batch"
    since = "2026-10-14"
    input = "0.625"
    output = "5"
    cache_read = "0.0625"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "flex"
    since = "2026-10-12"
    input = "0.625"
    output = "5"
    cache_read = "0.0625"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "priority"
    since = "2026-10-12"
    input = "2.5"
    output = "20"
    cache_read = "0.25"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "fast"
    since = "2026-10-12"
    input = "2.5"
    output = "20"
    cache_read = "0.25"
    web_searches = "10"

    [[price]]
    provider = "openai"
    model = "gpt-5"
    tier = "batch"
    input = ""
    output = ""

    [[price]]
    provider = "our-gpus"
    model = "llama-\"4\""
    input = ""
    output = ""
    "#);
    let json = fixture.report("prices --missing today --format json");
    let why: Vec<_> = json["missing"].as_array().unwrap().iter().map(|of| &of["why"]).collect();
    assert_eq!(why, ["provider", "kind", "tier", "provider"]);
    let (_, lines) = list.split_once("\n[[price]]\n").unwrap();
    let own = format!("[[price]]\n{lines}");
    fixture.write("own.toml", &own);
    let run = fixture.usage("prices --set own.toml");
    assert_eq!(run.code, 1, "prices are to be filled in: {run}");
    fixture.write("own.toml", own.replace("= \"\"\n", "= \"2\"\n"));
    fixture.usage("prices --set own.toml").stdout_of_success();
    insta::assert_snapshot!(fixture.usage("reprice --missing"), @r#"
    exit 0
    --- stdout
    Pricing anew (all-time): 4 records without a price, 4 at other prices
      by own
      by direct: genai-prices 0.2.3, of 2026-11-28

      Model               Records  Before  After
      our-gpus/llama-"4"        1       -  $8.00
      openai/gpt-5              2       -  $5.00
      chat                      1       -      -

    Before: - for 0 requests  |  After: $13.00 for 3 requests
    Priced anew: 4  |  Before: - for 0 requests  |  After: $13.00 for 3 requests
    "#);
    // 2.25 as before, and 4, 2 and half a million times 2 dollars a million.
    assert_eq!(cost(&fixture), "15.25");
    let json = fixture.report("prices --missing --format json");
    assert_eq!(json["missing"].as_array().unwrap().len(), 1);
    assert_eq!(json["missing"][0]["kind"], "unclassified", "{json}");
}

#[test]
fn pricing_anew_is_shown_carried_out_and_kept_in_mind() {
    let fixture = Fixture::with(MODELS);
    fixture.write("own.toml", OWN);
    fixture.usage("prices --set own.toml --quiet").stdout_of_success();
    let plan = fixture.usage("reprice today --dry-run");
    insta::assert_snapshot!(plan, @"
    exit 0
    --- stdout
    Pricing anew (today): 5 records, 2 at other prices
      by own: our contract
      by direct: genai-prices 0.2.3, of 2026-11-28

      Model         Records  Before  After
      openai/gpt-5        2   $2.25  $1.50
      and 2 models whose prices stay

    Before: $2.25 for 1 request  |  After: $1.50 for 1 request
    Nothing was changed: --dry-run
    ");
    assert_eq!(cost(&fixture), "2.25");
    let refused = fixture.usage("reprice");
    assert_eq!((refused.code, cost(&fixture)), (2, "2.25".to_owned()));
    let done = fixture.usage("reprice --yes --model gpt-5 --format json").stdout_of_success();
    let done: serde_json::Value = serde_json::from_str(&done).unwrap();
    assert_eq!((&done["carried_out"], &done["changed"]), (&true.into(), &2.into()), "{done}");
    assert_eq!(
        (&done["before"]["cost_usd"], &done["after"]["cost_usd"]),
        (&"2.25".into(), &"1.5".into())
    );
    assert_eq!(cost(&fixture), "1.5");
    insta::assert_snapshot!(without_user(&fixture.usage("reprice --log")), @"
    exit 0
    --- stdout
    2026-05-03T12:00:00+00:00 by usage 0.1.0, user 1000
      records: all, model=gpt-5, from the first to the last
      by: own our contract
      by: direct genai-prices 0.2.3 2026-11-28
      changed: 2 of 3 records
      before: $2.25 for 1 request
      after: $1.50 for 1 request
    ");
    insta::assert_snapshot!(fixture.usage("reprice --yes"), @"
    exit 0
    --- stdout
    Pricing anew (all-time): 5 records, 0 at other prices
      by own: our contract
      by direct: genai-prices 0.2.3, of 2026-11-28
    Before: $1.50 for 1 request  |  After: $1.50 for 1 request
    ");
    assert_eq!(
        fixture.report("reprice --log --format json")["repricings"].as_array().unwrap().len(),
        1
    );
}

#[test]
fn on_a_terminal_pricing_anew_asks() {
    let fixture = Fixture::with(MODELS);
    fixture.write("own.toml", OWN);
    fixture.usage("prices --set own.toml").stdout_of_success();
    let Some(run) = on_a_terminal(&fixture, "usage reprice", "no\n") else { return };
    assert_eq!((run.code, cost(&fixture)), (1, "2.25".to_owned()), "{run}");
    assert!(run.stdout.contains("error: nothing was priced anew\n"), "{run}");
    let run = on_a_terminal(&fixture, "usage reprice", "yes\n").unwrap();
    assert_eq!((run.code, cost(&fixture)), (0, "1.5".to_owned()), "{run}");
}

/// What has no records any more keeps its cost, and is named.
#[test]
fn sums_without_records_are_not_priced_anew() {
    let fixture = Fixture::with(&format!("{MODELS}{DAY}"));
    let before = cost(&fixture);
    fixture.usage("prune --before 2026-05-03T08:30:00Z --keep-sums").stdout_of_success();
    let run = fixture.usage("reprice --dry-run").stdout_of_success();
    insta::assert_snapshot!(run, @"
    Pricing anew (all-time): 5 records, 0 at other prices
      by direct: genai-prices 0.2.3, of 2026-11-28
    Before: - for 0 requests  |  After: - for 0 requests
    Skipped: 6 requests, of which only sums are left
      from 2026-04-30T10:00:00+00:00
      to   2026-05-03T08:30:00+00:00
      They keep their cost
    Nothing was changed: --dry-run
    ");
    let list = fixture.usage("prices --missing").stdout_of_success();
    assert!(list.contains("\n  and 2 more, of which only sums are left\n"), "{list}");
    assert_eq!(cost(&fixture), before);
}

#[test]
fn about_names_versions_and_licences() {
    let page = Fixture::new().usage("about").stdout_of_success();
    assert!(page.starts_with(&format!(
        "usage {}\nLicence: MIT OR Apache-2.0\n",
        env!("CARGO_PKG_VERSION")
    )));
    for said in [
        "Prices: genai-prices 0.",
        "  sha256  ",
        "Copyright (c) Pydantic Services Inc.",
        "SOFTWARE IS PROVIDED",
    ] {
        assert!(page.contains(said), "{said}: {page}");
    }
}
