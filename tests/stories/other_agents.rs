//! Taking over what can be known of agents that say little, and saying what cannot.

use std::fs;

use insta::assert_snapshot;

use crate::fixture::Fixture;

#[test]
fn an_agent_that_tells_only_totals_is_booked_by_what_they_have_grown() {
    // Lines with paths break where the folder of temporary files makes them.
    let fixture = Fixture::new().unset("USAGE_WIDTH");
    let folder = fixture.path("home/.factory/sessions/site");
    fs::create_dir_all(&folder).unwrap();
    let write = |output: u64| {
        let text = format!(
            "{{\"model\":\"claude-sonnet-4-5\",\"tokenUsage\":{{\"inputTokens\":100,\"outputTokens\":{output},\
             \"cacheReadTokens\":900,\"cacheCreationTokens\":0,\"thinkingTokens\":0}}}}"
        );
        fs::write(folder.join("5b1c.settings.json"), text).unwrap();
    };
    write(10);
    fs::create_dir_all(fixture.path("home/.cursor")).unwrap();
    assert_snapshot!(fixture.usage("import agents"), @"
    exit 0
    --- stdout
    Droid: /tmp/usage-XXXXXX/home/.factory/sessions  |  Logs: 1  |  Imported: 1  |  Requests: unknown (bookings: 1)  |  Tokens: 1,010  |  Estimated: 100.0%
    --- stderr
    note: `usage` shows today; `usage daily`, `usage sessions` and `usage blocks` show more
    note: nothing was taken over from Cursor: what it keeps on this machine is the state of a conversation, without what that used; the counts are on its maker's servers
    ");
    write(35);
    assert_snapshot!(fixture.usage("import droid --rescan"), @"
    exit 0
    --- stdout
    Droid: /tmp/usage-XXXXXX/home/.factory/sessions  |  Logs: 1  |  Imported: 1  |  Requests: unknown (bookings: 2)  |  Tokens: 1,035  |  Estimated: 100.0%
    ");
    let again = fixture.usage("import droid home/.factory --rescan");
    assert!(again.stdout.contains("Imported: 0"), "{again}");
}

#[test]
fn agents_that_cannot_be_known_say_why() {
    let fixture = Fixture::new();
    assert_snapshot!(fixture.usage("import crush"), @"
    exit 1
    --- stderr
    error: nothing can be taken over from Crush: its database counts the tokens of the last step of a session alone
    ");
    for name in ["cursor", "aider"] {
        let run = fixture.usage(&format!("import {name}"));
        assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run}");
    }
    assert_eq!(fixture.files(), Vec::<String>::new(), "no ledger is made for nothing");
}
