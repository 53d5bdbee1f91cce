//! Who answers at an address, and in which dialect.

use crate::hints::Dialect;

/// The facts that an address tells of the responses from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// The provider, as records name it; `None` for a host that is in no table.
    pub provider: Option<&'static str>,
    /// The dialect; `None` where the path says that no model answers (lists of models, counting of
    /// tokens), or nothing.
    pub dialect: Option<Dialect>,
}

/// Hosts, by their end, and the provider behind them.
const HOSTS: &[(&str, &str)] = &[
    ("api.anthropic.com", "anthropic"),
    ("api.openai.com", "openai"),
    ("openai.azure.com", "azure"),
    ("services.ai.azure.com", "azure"),
    ("cognitiveservices.azure.com", "azure"),
    ("generativelanguage.googleapis.com", "google"),
    ("aiplatform.googleapis.com", "vertex"),
    ("amazonaws.com", "bedrock"),
    ("api.aws", "bedrock"),
    ("openrouter.ai", "openrouter"),
    ("api.deepseek.com", "deepseek"),
    ("api.groq.com", "groq"),
    ("api.mistral.ai", "mistral"),
    ("api.x.ai", "xai"),
    ("api.cohere.com", "cohere"),
    ("api.cohere.ai", "cohere"),
    ("api.together.xyz", "together"),
    ("api.together.ai", "together"),
    ("api.fireworks.ai", "fireworks"),
    ("router.huggingface.co", "huggingface"),
    ("api.cerebras.ai", "cerebras"),
    ("api.moonshot.ai", "moonshot"),
    ("api.moonshot.cn", "moonshot"),
    ("api.z.ai", "zai"),
    ("open.bigmodel.cn", "zai"),
    ("api.minimax.io", "minimax"),
    ("api.minimaxi.com", "minimax"),
    ("api.perplexity.ai", "perplexity"),
    ("api.voyageai.com", "voyage"),
    ("aliyuncs.com", "alibaba"),
];

/// Ends of paths, and what answers there. `None` is no answer of a model. The longest goes first.
const PATHS: &[(&str, Option<Dialect>)] = &[
    ("/messages/count_tokens", None),
    (":countTokens", None),
    ("/input_tokens", None),
    ("/models", None),
    ("/batches", None),
    ("/chat/completions", Some(Dialect::OpenAiChat)),
    ("/completions", Some(Dialect::OpenAiChat)),
    ("/embeddings", Some(Dialect::OpenAiChat)),
    ("/messages", Some(Dialect::AnthropicMessages)),
    (":rawPredict", Some(Dialect::AnthropicMessages)),
    (":streamRawPredict", Some(Dialect::AnthropicMessages)),
    ("/responses", Some(Dialect::OpenAiResponses)),
    ("/responses/compact", Some(Dialect::OpenAiResponses)),
    ("/images/generations", Some(Dialect::OpenAiResponses)),
    ("/images/edits", Some(Dialect::OpenAiResponses)),
    ("/audio/speech", Some(Dialect::OpenAiResponses)),
    ("/audio/transcriptions", Some(Dialect::OpenAiResponses)),
    (":generateContent", Some(Dialect::Gemini)),
    (":streamGenerateContent", Some(Dialect::Gemini)),
    (":embedContent", Some(Dialect::Gemini)),
    (":batchEmbedContents", Some(Dialect::Gemini)),
    (":predict", Some(Dialect::Gemini)),
    ("/interactions", Some(Dialect::GeminiInteractions)),
    ("/converse", Some(Dialect::BedrockConverse)),
    ("/converse-stream", Some(Dialect::BedrockConverse)),
    ("/v2/chat", Some(Dialect::Cohere)),
    ("/v1/chat", Some(Dialect::Cohere)),
    ("/v2/embed", Some(Dialect::Cohere)),
    ("/v1/embed", Some(Dialect::Cohere)),
    ("/v2/rerank", Some(Dialect::Cohere)),
];

/// Says who answers at a host and path, and in which dialect: the path decides the latter, since
/// many hosts speak several.
///
/// ```
/// use usage_providers::{Dialect, detect};
///
/// let endpoint = detect("api.anthropic.com", "/v1/messages?beta=true");
/// assert_eq!(endpoint.provider, Some("anthropic"));
/// assert_eq!(endpoint.dialect, Some(Dialect::AnthropicMessages));
/// assert_eq!(detect("localhost", "/v1/models").dialect, None);
/// ```
#[must_use]
pub fn detect(host: &str, path: &str) -> Endpoint {
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => host,
    };
    let host = host.to_ascii_lowercase();
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let provider = HOSTS.iter().find(|(end, _)| is_host(&host, end)).map(|(_, name)| *name);
    let found =
        PATHS.iter().filter(|(end, _)| path.ends_with(end)).max_by_key(|(end, _)| end.len());
    let dialect = match found {
        Some((_, dialect)) => *dialect,
        // A model's own dialect on Bedrock.
        None if path.ends_with("/invoke") || path.ends_with("/invoke-with-response-stream") => {
            path.contains("anthropic.").then_some(Dialect::AnthropicMessages)
        }
        None => None,
    };
    Endpoint { provider, dialect }
}

/// Returns whether a host is one of a table, or below it: `us-central1-aiplatform.googleapis.com`
/// too.
fn is_host(host: &str, end: &str) -> bool {
    host.strip_suffix(end)
        .is_some_and(|before| before.is_empty() || before.ends_with('.') || before.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_as_providers_document_them() {
        for (host, path, provider, dialect) in [
            ("api.openai.com", "/v1/chat/completions", Some("openai"), Some(Dialect::OpenAiChat)),
            ("api.openai.com:443", "/v1/responses", Some("openai"), Some(Dialect::OpenAiResponses)),
            ("api.anthropic.com", "/v1/messages/count_tokens", Some("anthropic"), None),
            (
                "my.openai.azure.com",
                "/openai/deployments/d/chat/completions?api-version=2026-01-01",
                Some("azure"),
                Some(Dialect::OpenAiChat),
            ),
            (
                "generativelanguage.googleapis.com",
                "/v1beta/models/gemini-3-pro:streamGenerateContent?alt=sse",
                Some("google"),
                Some(Dialect::Gemini),
            ),
            (
                "us-central1-aiplatform.googleapis.com",
                "/v1/projects/p/locations/l/publishers/anthropic/models/claude:streamRawPredict",
                Some("vertex"),
                Some(Dialect::AnthropicMessages),
            ),
            (
                "bedrock-runtime.us-east-1.amazonaws.com",
                "/model/amazon.nova-lite-v1%3A0/converse-stream",
                Some("bedrock"),
                Some(Dialect::BedrockConverse),
            ),
            (
                "bedrock-runtime.us-east-1.amazonaws.com",
                "/model/us.anthropic.claude-sonnet-4/invoke",
                Some("bedrock"),
                Some(Dialect::AnthropicMessages),
            ),
            ("API.COHERE.COM", "/v2/chat/", Some("cohere"), Some(Dialect::Cohere)),
            ("api.x.ai", "/v1/chat/completions", Some("xai"), Some(Dialect::OpenAiChat)),
            ("openrouter.ai", "/api/v1/models", Some("openrouter"), None),
            ("notopenrouter.ai", "/", None, None),
        ] {
            assert_eq!(detect(host, path), Endpoint { provider, dialect }, "{host}{path}");
        }
    }
}
