//! Which source a telemetry service name, or an agent, is.

/// Names that programs give themselves, and the instance that their records belong to.
const NAMES: &[(&str, &str)] = &[
    ("claude-code", "claude-code"),
    ("claude_code", "claude-code"),
    ("claude-code-desktop", "claude-code"),
    ("codex", "codex"),
    ("codex_cli_rs", "codex"),
    ("codex_cli", "codex"),
    ("codex_desktop", "codex"),
    ("codex_exec", "codex"),
    ("codex_mcp_server", "codex"),
    ("codex_sdk_ts", "codex"),
    ("codex_tui", "codex"),
    ("codex_vscode", "codex"),
    ("codex_app_server", "codex"),
    ("gemini", "gemini-cli"),
    ("gemini-cli", "gemini-cli"),
    ("qwen", "qwen-code"),
    ("qwen-code", "qwen-code"),
    ("copilot", "copilot"),
    ("copilot-cli", "copilot"),
    ("copilot-chat", "copilot"),
    ("github-copilot", "copilot"),
    ("opencode", "opencode"),
    ("opencode-plugin-otel", "opencode"),
    ("cursor", "cursor"),
    ("cursor.telemetry", "cursor"),
    ("pi", "pi"),
    ("cline", "cline"),
    ("roo", "roo-code"),
    ("roo-cline", "roo-code"),
    ("roo-code", "roo-code"),
    ("kilo", "kilo-code"),
    ("kilo-code", "kilo-code"),
    ("kilocode", "kilo-code"),
    ("amp", "amp"),
    ("kimi", "kimi"),
    ("kimi-cli", "kimi"),
    ("kimi-code", "kimi"),
    ("zed", "zed"),
    ("goose", "goose"),
    ("droid", "droid"),
    ("factory-droid", "droid"),
];

/// Returns the instance that a service name belongs to: `codex_exec` and `codex-app-server` are
/// `codex`. A name that is in no table is an instance of its own and comes back as it is.
///
/// ```
/// use usage_providers::instance_of;
///
/// assert_eq!(instance_of("codex_cli_rs"), "codex");
/// assert_eq!(instance_of("our-gateway"), "our-gateway");
/// ```
#[must_use]
pub fn instance_of(service: &str) -> &str {
    let known = NAMES.iter().find(|(name, _)| same(name, service));
    known.map_or(service, |(_, instance)| instance)
}

/// Compares names, whatever their case, with `-` and `_` alike.
fn same(one: &str, other: &str) -> bool {
    let plain = |byte: u8| if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
    one.len() == other.len() && one.bytes().zip(other.bytes()).all(|(a, b)| plain(a) == plain(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_codex_is_one_source() {
        for name in ["codex_cli_rs", "codex_exec", "codex_tui", "codex-app-server", "Codex"] {
            assert_eq!(instance_of(name), "codex", "{name}");
        }
    }

    #[test]
    fn an_instance_is_itself() {
        for (_, instance) in NAMES {
            assert_eq!(instance_of(instance), *instance);
        }
    }
}
