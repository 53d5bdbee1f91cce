//! The maintenance of this repository: `cargo xtask COMMAND`. One file or folder a command.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a tool for the terminal")]

mod agents_tree;
mod bench;
mod ci;
mod demo;
mod dist;
mod fuzz;
mod prices;
mod process;
mod random;
mod sample;
mod soak;
mod tidy;
mod tools;
mod web;

use std::process::ExitCode;

/// One command: its name, what it takes, what it does, and the function that does it.
struct Command {
    name: &'static str,
    arguments: &'static str,
    about: &'static str,
    run: fn(&[&str]) -> anyhow::Result<()>,
}

const HELP: [&str; 3] = ["help", "--help", "-h"];

#[rustfmt::skip]
const COMMANDS: &[Command] = &[
    Command { name: "agents-tree", arguments: "[--size 1GB] [--seed N] [--out DIR]", about: "coding agents' logs as real ones are, with their truth", run: agents_tree::run },
    Command { name: "bench", arguments: "[PART...]", about: "speed, space, safety: beside a yardstick or a control", run: bench::run },
    Command { name: "ci", arguments: "[--long]", about: "every check; says at the end what failed and what took long", run: ci::run },
    Command { name: "demo", arguments: "", about: "a fresh ledger with the sample day, and its reports", run: demo::run },
    Command { name: "dist", arguments: "", about: "an archive to hand out: binary, man pages, completions", run: dist::run },
    Command { name: "fuzz", arguments: "[--minutes N]", about: "the fuzz targets, N minutes each (nightly)", run: fuzz::run },
    Command { name: "prices", arguments: "[--from FOLDER]", about: "the books of prices again, compared with a second source", run: prices::run },
    Command { name: "sample", arguments: "[--check]", about: "writes data/day.ndjson again, or compares it", run: sample::run },
    Command { name: "soak", arguments: "[--minutes N] [--seed S]", about: "gateways at one ledger with faults at random; 20 min", run: soak::run },
    Command { name: "tidy", arguments: "", about: "the rules of this repository that no compiler knows", run: tidy::run },
    Command { name: "web", arguments: "", about: "the chart library of the page again, as it is pinned", run: web::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if words.is_empty() || words.iter().any(|word| HELP.contains(word)) {
        print!("{}", help());
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == words[0]) else {
        eprintln!("error: there is no command {:?}\n\n{}", words[0], help());
        return ExitCode::from(2);
    };
    match (command.run)(&words[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn help() -> String {
    let mut text = "Usage: cargo xtask COMMAND\n\n".to_owned();
    for Command { name, arguments, about, .. } in COMMANDS {
        text += &format!("  {:<22}{about}\n", format!("{name} {arguments}"));
    }
    text
}
