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
    /// A value of a table in a TOML file there.
    Toml {
        file: &'static str,
        table: &'static str,
        key: &'static str,
        value: fn(&Server<'_>) -> String,
    },
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
    Entry { table: &'static str, key: &'static str, value: String },
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
        how: How::Toml { file: ".codex/config.toml", table: "otel", key: "exporter", value: codex },
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
                let beside = self.beside(server);
                let beside = if beside.is_empty() {
                    String::new()
                } else {
                    format!("\nand set in its environment\n\n{}", exports(beside))
                };
                format!("{}: add to ~/{file}\n\n{text}\n{beside}", self.title)
            }
            How::Toml { file, table, key, value } => {
                let value = value(server);
                format!("{}: add to ~/{file}\n\n[{table}]\n{key} = {value}\n", self.title)
            }
            How::Environment(variables) => {
                format!("{}: set in its environment\n\n{}", self.title, exports(variables(server)))
            }
            How::Text { file, text } => {
                format!("{}: add to its {file}\n\n{}", self.title, text(server))
            }
        }
    }

    /// Returns the variables that it needs beside its settings, which have no place for a token.
    pub(super) fn beside(&self, server: &Server<'_>) -> Vec<(&'static str, String)> {
        match self.name {
            "gemini" | "qwen" => server.headers().into_iter().collect(),
            _ => Vec::new(),
        }
    }

    /// Returns what can be written, and into which file below the home folder; nothing where only its user knows that.
    pub(super) fn change(&self, server: &Server<'_>, home: &Path) -> Option<(PathBuf, Change)> {
        match self.how {
            How::Json { file, values } => Some((home.join(file), Change::Values(values(server)))),
            How::Toml { file, table, key, value } => {
                Some((home.join(file), Change::Entry { table, key, value: value(server) }))
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
        variables.extend(self.headers());
        variables
    }

    /// The variable with the token, if there is one. A space within a value is written as it is in addresses.
    fn headers(&self) -> Option<(&'static str, String)> {
        let token = self.token?;
        Some(("OTEL_EXPORTER_OTLP_HEADERS", format!("Authorization=Bearer%20{token}")))
    }
}

fn exports(variables: Vec<(&'static str, String)>) -> String {
    let line = |(name, value): (&str, String)| {
        format!("export {name}='{}'\n", value.replace('\'', "'\\''"))
    };
    variables.into_iter().map(line).collect()
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
    format!("{{ otlp-http = {{ endpoint = \"{url}/v1/logs\", protocol = \"binary\"{headers} }} }}")
}

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
