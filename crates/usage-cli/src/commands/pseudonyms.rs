//! `usage pseudonyms`

use usage_core::{Label, TagKey};
use usage_store::forget::NameKind;

use crate::context::Context;
use crate::error::CliError;
use crate::{exit_codes, output};

/// List the kinds of names that are stored as pseudonyms, or say which
///
/// From then on, whoever records, imports or serves, the ledger stores such as
/// p-4f0d1c9a5be27d36810c2f7e in the place of each of these names: a hash with a key of the ledger's
/// own, so that the same name always has the same one. Who has the ledger can try names, but not read
/// them. What is stored already stays: `usage forget` takes a name out.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Store these as pseudonyms, in place of those that are; '' stores none so
    #[arg(long, value_name = "KIND[,KIND...]", value_parser = kinds)]
    set: Option<Kinds>,
}

const EXAMPLES: &str = "\
KIND is user, project, session, instance, profile, provider, route, model, tier or tag:KEY.

Examples:
  usage pseudonyms
  usage pseudonyms --set user,tag:customer";

/// The kinds of one option, whose value may be empty.
#[derive(Clone, Debug)]
struct Kinds(Vec<NameKind>);

fn kinds(text: &str) -> Result<Kinds, String> {
    let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
    words.map(kind).collect::<Result<_, _>>().map(Kinds)
}

fn kind(word: &str) -> Result<NameKind, String> {
    let label = Label::ALL.into_iter().find(|label| label.name() == word).map(NameKind::Label);
    let session = (word == "session").then_some(NameKind::Session);
    match (label.or(session), TagKey::named(word)) {
        (Some(kind), _) => Ok(kind),
        (None, Some(key)) => key.map(NameKind::Tag).map_err(|error| error.to_string()),
        (None, None) => Err("it is user, project, session, tag:KEY or another name".to_owned()),
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<u8, CliError> {
    let store = context.open_existing()?;
    if let Some(Kinds(kinds)) = &args.set {
        context.recover(&store)?;
        store.set_pseudonyms(kinds)?;
    }
    if args.set.is_none() || !context.quiet {
        let names: Vec<String> = store.pseudonyms()?.into_iter().map(name).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        output::print(&format!("Stored as pseudonyms: {names}\n"))?;
    }
    Ok(exit_codes::DONE)
}

fn name(kind: NameKind) -> String {
    match kind {
        NameKind::Label(label) => label.name().to_owned(),
        NameKind::Tag(key) => usage_core::format::printable(key.name()).into_owned(),
        _ => "session".to_owned(),
    }
}
