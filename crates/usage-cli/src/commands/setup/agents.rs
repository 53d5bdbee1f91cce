//! What to set, for whom: one list.

use std::path::{Path, PathBuf};

/// Where a server listens, and the token that it asks for.
pub(super) struct Server<'a> {
    /// Without a slash at its end.
    pub(super) url: &'a str,
    pub(super) token: Option<&'a str>,
}

/// Somebody who sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Agent {
    pub(super) name: &'static str,
    title: &'static str,
    how: How,
}

/// The way in which it is set up.
#[derive(Clone, Copy, Debug)]
enum How {
    /// Values in a JSON file in the user's home folder.
    Json { file: &'static str, values: fn(&Server<'_>) -> Vec<Value> },
    /// A table at the end of a TOML file there.
    Toml { file: &'static str, table: &'static str, text: fn(&Server<'_>) -> String },
    /// Variables of the environment.
    Environment(fn(&Server<'_>) -> Vec<(&'static str, String)>),
    /// A text for a file that is somewhere else for everybody.
    Text { file: &'static str, text: fn(&Server<'_>) -> String },
}

/// A value under names that lead to it.
pub(super) type Value = (Vec<&'static str>, serde_json::Value);

/// What can be written into a file.
pub(super) enum Change {
    Values(Vec<Value>),
    Table { name: &'static str, text: String },
}

pub(super) const AGENTS: &[Agent] = &[
    Agent {
        name: "claude-code",
        title: "Claude Code",
        how: How::Json { file: ".claude/settings.json", values: claude_code },
    },
    Agent {
        name: "codex",
        title: "Codex",
        how: How::Toml { file: ".codex/config.toml", table: "otel", text: codex },
    },
    Agent {
        name: "gemini",
        title: "Gemini CLI",
        how: How::Json { file: ".gemini/settings.json", values: gemini },
    },
    Agent {
        name: "qwen",
        title: "Qwen Code",
        how: How::Json { file: ".qwen/settings.json", values: gemini },
    },
    Agent { name: "copilot", title: "Copilot CLI", how: How::Environment(copilot) },
    Agent { name: "opencode", title: "opencode", how: How::Environment(opencode) },
    Agent {
        name: "litellm",
        title: "LiteLLM",
        how: How::Text { file: "config.yaml", text: litellm },
    },
    Agent {
        name: "bifrost",
        title: "Bifrost",
        how: How::Text { file: "config.json", text: bifrost },
    },
    Agent {
        name: "agentgateway",
        title: "agentgateway",
        how: How::Text { file: "config.yaml", text: agentgateway },
    },
    Agent {
        name: "otel-collector",
        title: "OpenTelemetry Collector",
        how: How::Text { file: "config.yaml", text: collector },
    },
];

impl Agent {
    pub(super) fn named(name: &str) -> Option<Self> {
        AGENTS.iter().copied().find(|agent| agent.name == name)
    }

    /// Says what to set, and where.
    pub(super) fn words(&self, server: &Server<'_>) -> String {
        match self.how {
            How::Json { file, values } => {
                let mut settings = "{}".to_owned();
                for (names, value) in values(server) {
                    let set = super::edit::set(&settings, &names, &value.to_string());
                    settings = set.unwrap_or(settings);
                }
                let object: serde_json::Value = serde_json::from_str(&settings).unwrap_or_default();
                let text = serde_json::to_string_pretty(&object).unwrap_or_default();
                format!("{}: add to ~/{file}\n\n{text}\n", self.title)
            }
            How::Toml { file, text, .. } => {
                format!("{}: add to ~/{file}\n\n{}", self.title, text(server))
            }
            How::Environment(variables) => {
                let lines = variables(server).into_iter().map(|(name, value)| {
                    format!("export {name}='{}'\n", value.replace('\'', "'\\''"))
                });
                format!("{}: set in its environment\n\n{}", self.title, lines.collect::<String>())
            }
            How::Text { file, text } => {
                format!("{}: add to its {file}\n\n{}", self.title, text(server))
            }
        }
    }

    /// Returns what can be written, and into which file below the home folder; nothing where only its user knows that.
    pub(super) fn change(&self, server: &Server<'_>, home: &Path) -> Option<(PathBuf, Change)> {
        match self.how {
            How::Json { file, values } => Some((home.join(file), Change::Values(values(server)))),
            How::Toml { file, table, text } => {
                let change = Change::Table { name: table, text: text(server) };
                Some((home.join(file), change))
            }
            How::Environment(_) | How::Text { .. } => None,
        }
    }
}

impl Server<'_> {
    fn bearer(&self) -> Option<String> {
        self.token.map(|token| format!("Bearer {token}"))
    }

    /// Variables that OpenTelemetry's own libraries know.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", self.url.to_owned()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf".to_owned()),
        ];
        // A space within a value is written as it is in addresses.
        let header = self.token.map(|token| format!("Authorization=Bearer%20{token}"));
        variables.extend(header.map(|header| ("OTEL_EXPORTER_OTLP_HEADERS", header)));
        variables
    }
}

fn claude_code(server: &Server<'_>) -> Vec<Value> {
    let mut variables = vec![
        ("CLAUDE_CODE_ENABLE_TELEMETRY", "1".to_owned()),
        ("OTEL_LOGS_EXPORTER", "otlp".to_owned()),
    ];
    variables.extend(server.variables());
    variables.into_iter().map(|(name, value)| (vec!["env", name], value.into())).collect()
}

fn codex(server: &Server<'_>) -> String {
    let url = server.url;
    let headers = server.bearer().map_or_else(String::new, |bearer| {
        format!(", headers = {{ \"Authorization\" = \"{bearer}\" }}")
    });
    format!(
        "[otel]\nexporter = {{ otlp-http = {{ endpoint = \"{url}/v1/logs\", protocol = \"binary\"{headers} }} }}\n"
    )
}

/// It cannot send a token.
fn gemini(server: &Server<'_>) -> Vec<Value> {
    vec![
        (vec!["telemetry", "enabled"], true.into()),
        (vec!["telemetry", "target"], "local".into()),
        (vec!["telemetry", "otlpEndpoint"], server.url.into()),
        (vec!["telemetry", "otlpProtocol"], "http".into()),
        (vec!["telemetry", "logPrompts"], false.into()),
    ]
}

fn copilot(server: &Server<'_>) -> Vec<(&'static str, String)> {
    let mut variables = vec![
        ("COPILOT_OTEL_ENABLED", "true".to_owned()),
        ("COPILOT_OTEL_EXPORTER_TYPE", "otlp-http".to_owned()),
    ];
    variables.extend(server.variables());
    variables
}

fn opencode(server: &Server<'_>) -> Vec<(&'static str, String)> {
    server.variables()
}

fn litellm(server: &Server<'_>) -> String {
    let (url, bearer) = (server.url, server.bearer());
    let headers = bearer.map_or_else(String::new, |bearer| {
        format!("  GENERIC_LOGGER_HEADERS: \"Authorization={bearer}\"\n")
    });
    format!(
        "litellm_settings:\n  callbacks: [\"generic_api\"]\nenvironment_variables:\n  \
         GENERIC_LOGGER_ENDPOINT: \"{url}/v1/litellm\"\n{headers}"
    )
}

fn bifrost(server: &Server<'_>) -> String {
    let headers = server.bearer().map(|bearer| serde_json::json!({ "Authorization": bearer }));
    let mut config = serde_json::json!({
        "service_name": "bifrost",
        "collector_url": format!("{}/v1/traces", server.url),
        "trace_type": "genai_extension",
        "protocol": "http",
    });
    if let (Some(config), Some(headers)) = (config.as_object_mut(), headers) {
        config.insert("headers".to_owned(), headers);
    }
    let plugin = serde_json::json!({ "name": "otel", "enabled": true, "config": config });
    let plugins = serde_json::json!({ "plugins": [plugin] });
    serde_json::to_string_pretty(&plugins).unwrap_or_default() + "\n"
}

fn agentgateway(server: &Server<'_>) -> String {
    let headers = server.bearer().map_or_else(String::new, |bearer| {
        format!("    headers:\n      authorization: \"{bearer}\"\n")
    });
    format!(
        "config:\n  tracing:\n    otlpEndpoint: {}\n    otlpProtocol: http\n{headers}",
        server.url
    )
}

fn collector(server: &Server<'_>) -> String {
    let headers = server.bearer().map_or_else(String::new, |bearer| {
        format!("    headers:\n      Authorization: \"{bearer}\"\n")
    });
    format!(
        "exporters:\n  otlphttp/usage:\n    endpoint: {}\n{headers}service:\n  pipelines:\n    traces:\n      \
         exporters: [otlphttp/usage]\n    logs:\n      exporters: [otlphttp/usage]\n",
        server.url
    )
}
