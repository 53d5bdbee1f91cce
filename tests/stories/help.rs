//! The words of the command on itself.

use crate::fixture::Fixture;

/// Every command with its own, first the empty name of the program itself, in the order of help.
fn commands() -> Vec<String> {
    let mut names = Vec::new();
    let mut next = vec![(String::new(), usage_cli::command())];
    while let Some((name, command)) = next.pop() {
        let inner: Vec<_> = command.get_subcommands().cloned().collect();
        next.extend(inner.into_iter().rev().map(|inner| {
            let path = format!("{name} {}", inner.get_name());
            (path.trim_start().to_owned(), inner)
        }));
        names.push(name);
    }
    names
}

#[test]
fn the_whole_help_tree() {
    let fixture = Fixture::new();
    let mut pages = String::new();
    for command in commands() {
        for flag in ["-h", "--help"] {
            let arguments = format!("{command} {flag}");
            let page = fixture.usage(&arguments).stdout_of_success();
            let title = format!("usage {}", arguments.trim_start());
            pages += &format!("$ {title}\n{page}\n");
        }
    }
    insta::assert_snapshot!(pages);
}

#[test]
fn help_fits_a_narrow_terminal() {
    for columns in [40, 60, 80, 200] {
        let fixture = Fixture::new().set("COLUMNS", columns.to_string());
        for command in commands() {
            // Examples and the grammar of periods are set for 80 columns, whatever the terminal.
            let page = fixture.usage(&format!("{command} -h")).stdout_of_success();
            let prose = page.split("\nExamples:").next().unwrap();
            let widest = prose.lines().map(str::len).max().unwrap();
            assert!(widest <= columns.max(80), "usage {command} -h in {columns}:\n{page}");
        }
    }
}

#[test]
fn help_and_version_need_no_valid_world() {
    let fixture = Fixture::new().set("USAGE_TIMEZONE", "Nowhere").set("USAGE_NOW", "never");
    for arguments in ["--help", "report -h", "--version", "-V", "completions bash"] {
        let run = fixture.usage(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments}: {run}");
    }
    assert_eq!(fixture.files(), [""; 0]);
}

#[test]
fn the_version_is_one_line() {
    for flag in ["--version", "-V"] {
        let version = Fixture::new().usage(flag).stdout_of_success();
        assert_eq!(version, format!("usage {}\n", env!("CARGO_PKG_VERSION")));
    }
}

#[test]
fn every_shell_gets_completions() {
    for (shell, sign) in [
        ("bash", "complete -F _usage usage"),
        ("elvish", "edit:completion:arg-completer[usage]"),
        ("fish", "complete -c usage"),
        ("powershell", "Register-ArgumentCompleter"),
        ("zsh", "#compdef usage"),
    ] {
        let script = Fixture::new().usage(&format!("completions {shell}")).stdout_of_success();
        assert!(script.contains(sign), "{shell}:\n{script}");
        // The scripts of these ask the command itself.
        if ["bash", "fish", "zsh"].contains(&shell) {
            assert!(script.contains(" complete -- "), "{shell}:\n{script}");
            continue;
        }
        let commands = commands();
        let options = ["follow", "timezone", "week-start"];
        let words = commands.iter().flat_map(|command| command.split_whitespace()).chain(options);
        for word in words {
            assert!(script.contains(word), "{word} in {shell}");
        }
    }
}

/// On a machine without bash or zsh the shell says 127, which is no syntax error.
#[test]
fn shells_accept_their_completions() {
    let fixture = Fixture::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = format!("usage completions {shell} > script && {shell} -n script");
        let run = fixture.shell(&script);
        let missing = run.code == 127 && run.stderr.contains("not found");
        assert!(run.code == 0 || missing, "{shell}: {run}");
    }
}

fn candidates(fixture: &Fixture, line: &str) -> Vec<String> {
    let run = fixture.usage_of(["complete", "--", line]).stdout_of_success();
    run.lines().map(|line| line.split('\t').next().unwrap().to_owned()).collect()
}

#[test]
fn names_of_the_ledger_are_completed() {
    let fixture = Fixture::with(crate::lines::DAY);
    assert_eq!(candidates(&fixture, "usage report --model q"), ["qwen3:8b"]);
    assert_eq!(candidates(&fixture, "usage report --provider "), ["anthropic", "ollama", "openai"]);
    assert_eq!(candidates(&fixture, "usage report 2026"), ["2026-05"]);
    assert_eq!(candidates(&fixture, "usage --db other.db report --model "), [""; 0]);
    assert_eq!(candidates(&fixture, "usage --db usage.db report --model g"), ["gpt-5"]);
    // What is typed is never a reason for an error.
    for line in ["", "usage", "usage nosuch ", "other --x", "usage report --model='"] {
        candidates(&fixture, line);
    }
}

/// As bash does it, which ends words at colons too. On a machine without bash it is skipped.
#[test]
fn bash_completes_periods_and_names() {
    let fixture = Fixture::with(crate::lines::DAY);
    for (line, words, expected) in [
        ("usage report this-m", "usage report this-m", "this-month"),
        ("usage report --model qwen3:8", "usage report --model qwen3 : 8", "8b"),
        (
            "usage report --timezone=Europe/Berl",
            "usage report --timezone = Europe/Berl",
            "Europe/Berlin",
        ),
        ("usage rec", "usage rec", "record"),
    ] {
        let last = words.split(' ').count() - 1;
        let script = format!(
            "command -v bash >/dev/null || exit 0; usage completions bash > script; bash -c '\
             . ./script; COMP_LINE=\"{line}\"; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({words}); \
             COMP_CWORD={last}; _usage; echo ${{COMPREPLY[*]}}'"
        );
        let run = fixture.shell(&script);
        assert!(run.stdout.is_empty() || run.stdout.trim() == expected, "{line}: {run}");
    }
}
