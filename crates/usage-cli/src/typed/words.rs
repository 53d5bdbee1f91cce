//! Words that people try, and what this program has for them.

/// A command that there is not, and the command line that does what was meant. Those that begin with a command which
/// this program lacks are passed over.
pub(super) const COMMANDS: &[(&[&str], &str)] = &[
    (
        &[
            "stats", "summary", "show", "total", "totals", "usage", "cost", "costs", "spend",
            "tokens",
        ],
        "report",
    ),
    (&["stat", "health", "state", "info"], "status"),
    (&["models", "model", "by-model"], "report --by model"),
    (&["projects", "project"], "report --by project"),
    (&["providers", "provider"], "report --by provider"),
    (&["routes", "route"], "report --by route"),
    (&["users", "user"], "report --by user"),
    (&["instances", "instance"], "report --by instance"),
    (&["hourly", "hours"], "report --by hour"),
    (&["yearly", "annual"], "report --by month"),
    (&["list", "ls", "log", "logs", "records", "rows", "dump", "query", "cat"], "export"),
    (&["add", "insert", "load", "ingest", "push", "read"], "record"),
    (&["scan", "sync", "fetch", "collect", "discover"], "import agents"),
    (&["claude", "claude-code"], "import claude-code"),
    (&["codex"], "import codex"),
    (&["clean", "cleanup", "purge", "trim", "expire"], "prune"),
    (&["remove", "rm", "reset", "clear", "drop", "wipe"], "delete --all"),
    (&["compact", "gc", "optimize", "optimise", "shrink"], "vacuum"),
    (&["check", "fix", "repair", "verify", "diagnose", "fsck"], "doctor"),
    (&["recover", "rescue"], "salvage"),
    (&["undo"], "restore --undo"),
    (&["copy", "save", "snapshot", "cp"], "backup"),
    (&["upgrade", "update"], "migrate"),
    (&["retention", "keep", "policy"], "retain"),
    (&["pricing", "rates"], "prices"),
    (&["limit", "limits", "quota", "quotas", "alert", "alerts"], "budget"),
    (&["settings", "setting", "configure", "preferences", "set", "get"], "config"),
    (&["statusbar", "status-line", "line", "prompt"], "statusline"),
    (&["server", "daemon", "listen", "web", "dashboard", "gui"], "serve"),
    (&["live", "watch", "monitor", "tui", "ui", "screen"], "top"),
    (&["completion", "complete"], "completions"),
    (&["license", "licence", "notices", "credits"], "about"),
];

/// What a command is told instead that there is not, where no other one does the same.
pub(super) const INSTEAD: &[(&[&str], &str)] = &[
    (
        &["init", "new", "create", "install", "start", "begin"],
        "nothing has to be set up: `usage import agents` or `usage record FILE` makes the ledger",
    ),
    (&["login", "auth", "logout"], "the ledger is a file on this machine: there is no account"),
    (&["quit", "exit"], "each command ends by itself"),
];

/// Options that there are not, and those that do the same: in words where it takes more than the other name.
pub(super) const OPTIONS: &[(&[&str], &str)] = &[
    (&["from", "start", "begin", "after", "start-date"], "since"),
    (&["to", "end", "before", "end-date"], "until"),
    (&["group", "group-by", "groupby", "per", "breakdown"], "by"),
    (&["limit", "head", "count", "max"], "top"),
    (&["order", "order-by", "sort-by"], "sort"),
    (&["zone", "tz", "time-zone"], "timezone"),
    (&["database", "file", "path", "ledger", "data", "store"], "db"),
    (&["colour", "colors"], "color"),
    (&["silent"], "quiet"),
    (&["debug", "trace"], "verbose"),
    (&["agent", "source", "host"], "instance"),
    (&["output-format", "out-format"], "format"),
    (&["simulate", "plan", "what-if"], "dry-run"),
    (&["week", "start-of-week"], "week-start"),
    (&["tags"], "tag"),
    (&["full-names", "no-truncate"], "wide"),
    (&["older-than", "older", "age"], "before"),
];

/// The answer for a word that is no command of a command: behind which, the words (any path where there are none).
pub(super) const NESTED: &[(&str, &[&str], &str)] = &[
    (
        "usage config",
        &["list", "ls", "show", "get", "print", "path", "edit"],
        "`usage config` shows all of them, and the file they are in",
    ),
    (
        "usage config",
        &["timezone", "week-start", "cycle-day", "color", "projects"],
        "`usage config set NAME VALUE` changes it",
    ),
    ("usage budget", &["add", "new", "create", "limit"], "did you mean `usage budget set`?"),
    ("usage budget", &["delete", "drop", "clear", "unset"], "did you mean `usage budget remove`?"),
    ("usage budget", &["show", "status", "get", "report"], "`usage budget` shows how they stand"),
    ("usage import", &["all", "everything", "auto"], "did you mean `usage import agents`?"),
    (
        "usage import",
        &[],
        "`usage record FILE` reads records; where an agent's logs are goes behind its name",
    ),
];

/// What a command lacks, where the options say it.
pub(super) const LACKING: &[(&str, &str)] = &[
    ("usage delete", "--all, or --from and --to with days, say what goes; --dry-run only shows it"),
    ("usage budget set", "such as `usage budget set all --usd 200 --per month`"),
    ("usage restore", "the copy to put back; --undo takes the last restoration back"),
];

/// The answer for an option in words: the command it was given to (any where that is empty), the option, the hint.
pub(super) const ADVICE: &[(&str, &[&str], &str)] = &[
    (
        "doctor",
        &["fix", "repair", "auto"],
        "`usage doctor` names the command that mends each finding; `usage doctor --rebuild` remakes sums",
    ),
    (
        "serve",
        &["port", "p", "bind", "address", "addr"],
        "--listen 127.0.0.1:PORT says where it listens",
    ),
    ("export", &["json"], "`usage export` prints JSON lines"),
    (
        "",
        &["period", "range", "date"],
        "a period is a word by itself, as in `usage report last-month`",
    ),
    ("", &["output", "out", "o"], "`> FILE` keeps what is printed"),
    ("", &["no-color", "no-colour", "plain"], "--color never, or the variable NO_COLOR"),
    ("", &["days"], "a period says so, such as `last-7-days`"),
    ("", &["csv"], "--format csv"),
    ("", &["ndjson", "jsonl"], "`usage export` prints records so"),
    ("", &["all"], "without a PERIOD it is all time"),
];
