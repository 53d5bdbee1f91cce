//! Which provider and model a router of the sample day sends a request to.

/// The place where a request is sent.
#[derive(Clone, Copy)]
pub(super) struct Target {
    pub(super) provider: &'static str,
    pub(super) model: &'static str,
}

const fn to(provider: &'static str, model: &'static str) -> Target {
    Target { provider, model }
}

/// The route that an agent asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    Default,
    Think,
    Background,
    LongContext,
    WebSearch,
    Image,
    Subagent,
}

impl Route {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Think => "think",
            Self::Background => "background",
            Self::LongContext => "longContext",
            Self::WebSearch => "webSearch",
            Self::Image => "image",
            Self::Subagent => "subagent",
        }
    }
}

/// The table of a profile.
pub(super) fn target(profile: &str, route: Route) -> Target {
    use Route::{Background, Default, Image, LongContext, Subagent, Think, WebSearch};
    match (profile, route) {
        ("work", Default) => to("openai", "gpt-5.1-codex"),
        ("work", Subagent | Background) => to("openai", "gpt-5-mini"),
        ("work", Think) => to("anthropic", "claude-opus-4-5"),
        ("cheap", Default | Think) => to("deepseek", "deepseek-v3.2"),
        ("cheap", Background | Subagent) => to("ollama", "qwen3-coder:30b"),
        ("experiments", Default | Subagent) => to("openrouter", "z-ai/glm-4.6"),
        ("experiments", Think) => to("google", "gemini-3-pro"),
        ("experiments", Background) => to("ollama", "qwen3-coder:30b"),
        ("experiments", Image) => to("google", "gemini-3-pro-image"),
        (_, LongContext) => to("google", "gemini-3-pro"),
        (_, WebSearch | Image) => to("google", "gemini-3-flash"),
        (_, Think) => to("anthropic", "claude-opus-4-5"),
        (_, Background) => to("anthropic", "claude-haiku-4-5"),
        (_, Default | Subagent) => to("anthropic", "claude-sonnet-4-5"),
    }
}

/// Returns who answers when the provider of the table does not, and after how many fallbacks.
pub(super) fn fallback(first: Target, second_fails: bool) -> (Target, u64) {
    match (first.provider, second_fails) {
        ("anthropic", false) => (to("openrouter", "anthropic/claude-sonnet-4.5"), 1),
        ("ollama", false) => (to("deepseek", "deepseek-v3.2"), 1),
        (_, false) => (to("anthropic", "claude-sonnet-4-5"), 1),
        (_, true) => (to("google", "gemini-3-flash"), 2),
    }
}

/// The look of the provider's cache and reasoning in its records.
pub(super) struct Habits {
    /// Says how much it wrote to its cache.
    pub(super) writes_cache: bool,
    /// Says how much came from its cache.
    pub(super) reads_cache: bool,
    /// Says how much of the output was reasoning.
    pub(super) reasons: bool,
}

pub(super) fn habits(provider: &str) -> Habits {
    let writes_cache = provider == "anthropic";
    let reads_cache = provider != "ollama";
    Habits {
        writes_cache,
        reads_cache,
        reasons: matches!(provider, "openai" | "google" | "deepseek"),
    }
}
