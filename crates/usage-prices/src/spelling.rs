//! The ways in which providers and gateways write one name.

/// Regions that Bedrock writes in front of a model's id.
const REGIONS: [&str; 9] = ["us", "eu", "apac", "global", "us-gov", "jp", "au", "ca", "regional"];

/// Whose models Bedrock serves under `maker.model`.
const MAKERS: [&str; 16] = [
    "anthropic",
    "amazon",
    "meta",
    "mistral",
    "cohere",
    "ai21",
    "deepseek",
    "openai",
    "qwen",
    "writer",
    "stability",
    "moonshot",
    "moonshotai",
    "minimax",
    "nvidia",
    "google",
];

/// A name as it could stand in a book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Spelling {
    pub(crate) name: String,
    /// The changes made to the name as it was given, in a few words; empty where nothing was.
    pub(crate) how: Vec<&'static str>,
    /// The name was made to mean something wider, which may have another price.
    pub(crate) is_doubtful: bool,
}

/// A change to a name, where there is anything to be changed.
type Step = fn(&str) -> Option<String>;

/// Returns the spellings to try, the likeliest first, the doubtful ones last.
pub(crate) fn spellings(model: &str) -> Vec<Spelling> {
    let name = model.trim().to_lowercase();
    let mut all = vec![Spelling { name, how: Vec::new(), is_doubtful: false }];
    let steps: [(&str, Step); 4] = [
        ("the path before it left away", without_path),
        ("the window of the context left away", without_window),
        ("the version after @ as a date", with_plain_version),
        ("Bedrock's region and version left away", without_bedrock),
    ];
    for (how, step) in steps {
        let last = &all[all.len() - 1];
        if let Some(name) = step(&last.name) {
            let how = [last.how.as_slice(), &[how]].concat();
            all.push(Spelling { name, how, is_doubtful: false });
        }
    }
    for at in 0..all.len() {
        if let Some(name) = with_dashed_date(&all[at].name) {
            let how = [all[at].how.as_slice(), &["the date with dashes"]].concat();
            all.push(Spelling { name, how, is_doubtful: false });
        }
    }
    let last = all[all.len() - 1].name.clone();
    if let Some(name) = without_date(&last) {
        all.push(Spelling { name, how: vec!["the date left away"], is_doubtful: true });
    }
    all
}

/// Says whether only Bedrock writes names like this one.
pub(crate) fn is_bedrock(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let (region, rest) = region(name);
    let Some((maker, model)) = rest.split_once('.') else { return false };
    MAKERS.contains(&maker)
        && !model.is_empty()
        && (region || !model.starts_with(|c: char| c.is_ascii_digit()))
}

/// Splits `us.anthropic.claude` into whether a region stood there, and what is left.
fn region(name: &str) -> (bool, &str) {
    match name.split_once('.') {
        Some((first, rest)) if REGIONS.contains(&first) => (true, rest),
        _ => (false, name),
    }
}

/// `models/gemini-3`, `publishers/google/models/gemini-3`, and ARNs.
fn without_path(name: &str) -> Option<String> {
    if name.starts_with("arn:") {
        return name.rsplit_once('/').map(|(_, last)| last.to_owned());
    }
    let at = name.rfind("models/")?;
    (at == 0 || name[..at].ends_with('/')).then(|| name[at + "models/".len()..].to_owned())
}

/// `claude-sonnet-4-5[1m]`: the window is no part of the name, and the cliff goes by what was sent.
fn without_window(name: &str) -> Option<String> {
    name.strip_suffix("[1m]").map(str::to_owned)
}

/// `claude-opus-4@20250514` as Vertex writes it.
fn with_plain_version(name: &str) -> Option<String> {
    let (model, version) = name.split_once('@').filter(|(model, _)| !model.is_empty())?;
    match version {
        "latest" | "default" | "" => Some(model.to_owned()),
        _ => Some(format!("{model}-{version}")),
    }
}

/// `us.anthropic.claude-opus-4-5-20251101-v1:0` as its maker writes it.
fn without_bedrock(name: &str) -> Option<String> {
    if !is_bedrock(name) {
        return None;
    }
    let (_, rest) = region(name.rsplit('/').next().unwrap_or(name));
    let (_, model) = rest.split_once('.')?;
    let model = model.split(':').next().unwrap_or(model);
    let unversioned = model
        .rsplit_once("-v")
        .filter(|(_, version)| version.bytes().all(|byte| byte.is_ascii_digit()));
    Some(unversioned.map_or(model, |(model, _)| model).to_owned())
}

/// `gpt-5.2-20251211` as `gpt-5.2-2025-12-11`.
fn with_dashed_date(name: &str) -> Option<String> {
    let (model, date) = name.rsplit_once('-')?;
    let is_date =
        date.len() == 8 && date.starts_with("20") && date.bytes().all(|byte| byte.is_ascii_digit());
    is_date.then(|| format!("{model}-{}-{}-{}", &date[..4], &date[4..6], &date[6..]))
}

/// `gpt-5.2-2025-12-11` as `gpt-5.2`. Another day's model can have another price, so that it only hints.
fn without_date(name: &str) -> Option<String> {
    let at = name.len().checked_sub("-2025-12-11".len())?;
    let (model, date) = (name.get(..at)?, name.get(at..)?);
    let shape = date.bytes().zip(*b"-####-##-##").all(|(byte, sign)| match sign {
        b'#' => byte.is_ascii_digit(),
        sign => byte == sign,
    });
    (shape && !model.is_empty()).then(|| model.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_tried_in_the_ways_they_are_written() {
        let cases: [(&str, &[&str]); 9] = [
            (" GPT-5 ", &["gpt-5"]),
            ("models/gemini-3-pro", &["models/gemini-3-pro", "gemini-3-pro"]),
            (
                "publishers/google/models/gemini-3@001",
                &["publishers/google/models/gemini-3@001", "gemini-3@001", "gemini-3-001"],
            ),
            ("claude-opus-5[1m]", &["claude-opus-5[1m]", "claude-opus-5"]),
            ("claude-opus-5@default", &["claude-opus-5@default", "claude-opus-5"]),
            (
                "us.anthropic.claude-opus-4-5-20251101-v1:0",
                &[
                    "us.anthropic.claude-opus-4-5-20251101-v1:0",
                    "claude-opus-4-5-20251101",
                    "claude-opus-4-5-2025-11-01",
                    "?claude-opus-4-5",
                ],
            ),
            (
                "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
                &[
                    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.amazon.nova-lite-v1:0",
                    "eu.amazon.nova-lite-v1:0",
                    "nova-lite",
                ],
            ),
            ("gpt-5.2-20251211", &["gpt-5.2-20251211", "gpt-5.2-2025-12-11", "?gpt-5.2"]),
            ("-2025-12-11", &["-2025-12-11"]),
        ];
        for (model, expected) in cases {
            let found = spellings(model);
            let names = found.iter().map(|spelling| {
                format!("{}{}", if spelling.is_doubtful { "?" } else { "" }, spelling.name)
            });
            assert_eq!(names.collect::<Vec<_>>(), expected, "{model}");
        }
    }

    #[test]
    fn bedrock_is_known_by_its_ids() {
        for name in [
            "us.anthropic.claude-opus-5",
            "anthropic.claude-v2",
            "bedrock/eu.amazon.nova-lite-v1:0",
        ] {
            assert!(is_bedrock(name), "{name}");
        }
        for name in [
            "claude-sonnet-4.5",
            "gpt-5.2",
            "anthropic/claude-sonnet-4.5",
            "us.",
            "anthropic.",
            "x.y",
        ] {
            assert!(!is_bedrock(name), "{name}");
        }
    }
}
