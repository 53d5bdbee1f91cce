//! Tags and the other fields that few records have: in reports, there and back, and `usage tags`.

use crate::fixture::Fixture;

/// Records of two days, with all that a record may say.
const RICH: &str = r#"
{"instance_id":"gw","route":"fast","model":"gpt-6","provider":"openai","project":"billing","user":"anna","tags":{"team":"billing","env":"test"},"input_tokens":5000,"output_tokens":10,"reasoning_tokens":20,"stated_cost_usd":0.1,"timestamp":"2026-05-01T09:15:00Z","event_id":"e3"}
{"instance_id":"gw","route":"fast","model":"qwen3","tokens":77,"timestamp":"2026-05-01T09:20:00Z"}
{"instance_id":"gw","route":"think","model":"sonnet","provider":"anthropic","project":"search","user":"anna","tags":{"team":"search","env":"prod"},"session_id":"s1","tier":"ON_DEMAND","input_tokens":1200,"output_tokens":800,"cache_read_tokens":90000,"cache_read_audio_tokens":7,"cache_write_tokens":4000,"cache_write_long_tokens":3000,"input_audio_tokens":5,"output_audio_tokens":6,"web_searches":2,"stated_cost_usd":"0.0312","timestamp":"2026-05-02T08:15:00Z","event_id":"e1"}
{"instance_id":"gw","route":"think","model":"sonnet","provider":"anthropic","project":"search","user":"bob","tags":{"team":"search"},"session_id":"s2","tier":"batch","input_tokens":200,"output_tokens":100,"outcome":"cancelled","quality":"partial","timestamp":"2026-05-02T09:15:00Z","event_id":"e2","alias_id":"r2","revision":3}
{"instance_id":"gw","route":"fast","model":"qwen3","tokens":77,"outcome":"error","quality":"estimated","event_id":"e4"}
"#;

/// The lines of a report's groups.
fn groups(fixture: &Fixture, arguments: &str) -> String {
    let page = fixture.usage(&format!("report {arguments}")).stdout_of_success();
    page.split_once("\nBy ").unwrap().1.to_owned()
}

#[test]
fn reports_by_what_few_records_have() {
    let fixture = Fixture::with(RICH);
    insta::assert_snapshot!(groups(&fixture, "--by project,user,tier"), @"
    Project, User, Tier:
      Project  User    Tier      Requests  Input  Output   Cache   Tokens   Share
      ───────────────────────────────────────────────────────────────────────────
      search   anna    standard         1  1,200     800  94,000   96,000   94.6%
      billing  anna    (none)           1  5,000      10       0    5,010    4.9%
      search   bob     batch            1    200     100       0      300    0.3%
      (none)   (none)  (none)           2      -       -       -      154    0.2%
      ───────────────────────────────────────────────────────────────────────────
      Total                             5  6,400     910  94,000  101,464  100.0%

    Nothing here has a price: `usage prices --missing` says why.
    ");
    insta::assert_snapshot!(groups(&fixture, "--by tag:team"), @"
    tag:team:
      tag:team  Requests  Input  Output  Cache write  Cache read   Tokens   Share
      ───────────────────────────────────────────────────────────────────────────
      search           2  1,400     900        4,000      90,000   96,300   94.9%
      billing          1  5,000      10            0           0    5,010    4.9%
      (none)           2      -       -            -           -      154    0.2%
      ───────────────────────────────────────────────────────────────────────────
      Total            5  6,400     910        4,000      90,000  101,464  100.0%

    Nothing here has a price: `usage prices --missing` says why.
    ");
    let page = fixture.usage("report --tag team=search --tag env=").stdout_of_success();
    insta::assert_snapshot!(page.split_once("\n\n").unwrap().0, @"
    Usage Summary (all-time, all instances)
    Requests: 1  |  Tokens: 300  |  Fallbacks: 0
    Cancelled: 1 (100.0%)  |  Partial counts: 1 (100.0%)
    Only: tag:env (none)  |  tag:team search
    ");
}

/// In either form, and once more they are the same events.
#[test]
fn all_that_a_record_says_goes_there_and_back() {
    let fixture = Fixture::with(RICH);
    let lines = fixture.usage("export").stdout_of_success();
    for said in ["cache_read_audio_tokens", "alias_id", "revision", "time_stated", "inconsistent"] {
        assert!(lines.contains(&format!("\"{said}\":")), "{said}: {lines}");
    }
    let report = fixture.report("report --format json");
    for form in ["ndjson", "csv"] {
        let file = format!("copy.{form}");
        let text = fixture.usage(&format!("export --format {form}")).stdout_of_success();
        fixture.write(&file, text);
        let copy = format!("--db {form}.db");
        fixture.usage(&format!("record {file} {copy}")).stdout_of_success();
        assert_eq!(fixture.usage(&format!("export {copy}")).stdout_of_success(), lines);
        assert_eq!(fixture.report(&format!("report --format json {copy}")), report);
        fixture.usage(&format!("doctor --full {copy}")).stdout_of_success();
        let again = fixture.usage(&format!("record {file} {copy}")).stdout_of_success();
        assert_eq!(again, "Lines: 5  |  Stored: 1  |  Duplicates: 4  |  Refused: 0\n");
    }
}

#[test]
fn keys_are_listed_and_declared() {
    let fixture = Fixture::with(RICH);
    let before = groups(&fixture, "--by tag:team,tag:env");
    insta::assert_snapshot!(fixture.usage("tags"), @"
    exit 0
    --- stdout
    Tags (all-time)

      Key   Values  Declared
      env        2  no
      team       2  no
    ");
    insta::assert_snapshot!(fixture.usage("tags --declare team,env"), @"
    exit 0
    --- stdout
    Declared: env, team  |  Counted anew: 3 records
    ");
    assert_eq!(groups(&fixture, "--by tag:team,tag:env"), before);
    let again = fixture.usage("tags --declare env,team").stdout_of_success();
    assert_eq!(again, "Declared: env, team  |  Counted anew: 0 records\n");
    assert_eq!(fixture.usage("tags --declare team --quiet").stdout_of_success(), "");
    insta::assert_snapshot!(fixture.usage("tags 2026-05-02 --format json"), @r#"
    exit 0
    --- stdout
    {"schema":1,"period":{"name":"2026-05-02","start":"2026-05-02T00:00:00+00:00","end":"2026-05-03T00:00:00+00:00","timezone":"UTC"},"tags":[{"key":"env","declared":false,"values":1,"told_apart_from":null},{"key":"team","declared":true,"values":1,"told_apart_from":null}]}
    "#);
    let none = fixture.usage_of(["tags", "--declare", ""]).stdout_of_success();
    assert_eq!(none, "Declared: none  |  Counted anew: 3 records\n");
    assert_eq!(groups(&fixture, "--by tag:team,tag:env"), before);
    fixture.usage("doctor --full").stdout_of_success();
}

/// Checks that what was declared too late for records that are gone is said, and refused rather than wrong.
#[test]
fn what_only_sums_are_left_of_knows_the_keys_of_its_time() {
    let fixture = Fixture::with(RICH);
    fixture.usage("tags --declare team").stdout_of_success();
    fixture.usage("prune --before 2026-05-02 --keep-sums").stdout_of_success();
    insta::assert_snapshot!(fixture.usage("tags --declare team,env"), @"
    exit 0
    --- stdout
    Declared: env, team  |  Counted anew: 1 record
    Of what is older than 2026-05-02T00:00:00+00:00 only sums are left, without env
    ");
    insta::assert_snapshot!(fixture.usage("tags"), @"
    exit 0
    --- stdout
    Tags (all-time)

      Key   Values  Declared  Told apart from
      env        1  yes       2026-05-02T00:00:00+00:00
      team       2  yes
    ");
    assert!(groups(&fixture, "--by tag:team").contains("billing"));
    insta::assert_snapshot!(fixture.usage("report --by tag:env"), @"
    exit 1
    --- stderr
    error: the records before 2026-05-02T00:00:00Z were deleted, and their sums are not told apart by tag:env
    hint: ask for a later period, or without this tag; `usage tags` says from when on reports know a key
    ");
    assert!(groups(&fixture, "2026-05-02 --by tag:env").contains("prod"));
}

#[test]
fn what_cannot_be_declared_is_a_complaint() {
    let fixture = Fixture::with("");
    assert_eq!(
        fixture.usage("tags").stdout_of_success(),
        "Tags (all-time): no record has any, and no key is declared\n"
    );
    for arguments in [
        "tags --declare a,b,c,d,e,f,g,h,i",
        "tags --declare a,,b",
        "tags --declare 123456789012345678901234567890123",
        "tags today --declare a",
    ] {
        let run = fixture.usage(arguments);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{run}");
    }
    let missing = Fixture::new();
    assert_eq!(missing.usage("tags").code, 1);
    assert_eq!(missing.usage("tags --declare a").code, 1);
    assert_eq!(missing.files(), [""; 0]);
}
