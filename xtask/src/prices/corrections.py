"""What the source has wrong, or does not have: each with where that was read, and when.

A correction replaces a model's `rules` or `terms` in the words of the book, adds `more_rules`, goes on with `then`, or
leaves a tier `without` prices.
"""

_DEEPSEEK = "https://api-docs.deepseek.com/quick_start/pricing and /updates"
_ALIAS_TERMS = [
    "2025-09-05T16:00 in=.56 out=1.68 read=.07",
    "2025-09-29 in=.28 out=.42 read=.028",
    "2026-04-24 in=.14 out=.28 read=.028",
    "2026-04-26 in=.14 out=.28 read=.0028",
    # The announced end of the names. Sources disagree about what they cost afterwards.
    "2026-07-24T15:59 -",
]



def _peak(since, low, high):
    """Prices that double in Beijing's working hours, on weekdays. Chinese holidays, when they do not, are in no book."""
    hours = ["", "Mon-Fri/01:00-04:00", "Mon-Fri/06:00-10:00"]
    return [" ".join(word for word in (since, part, high if part else low) if word) for part in hours]


_FLASH = _peak("2026-09-10", "in=.15 out=.6 read=.003", "in=.3 out=1.2 read=.006")
_PEAK = {
    "why": "prices by the hour began on 2026-08-16 at 16:00 UTC and hold on weekdays only",
    "source": _DEEPSEEK + ", as quoted in pydantic/genai-prices#581 and BerriAI/litellm#37255",
    "date": "2026-11-28",
}

CORRECTIONS = [
    {"provider": "deepseek", "model": "deepseek-flash", "terms": _FLASH, **_PEAK},
    {
        "provider": "deepseek",
        "model": "deepseek-v4-flash",
        "terms": [
            "in=.14 out=.28 read=.028",
            "2026-04-26 in=.14 out=.28 read=.0028",
            *_peak("2026-08-16T16:00", "in=.22 out=.66 read=.007", "in=.44 out=1.32 read=.014"),
            *_FLASH,
        ],
        **_PEAK,
    },
    {
        "provider": "deepseek",
        "model": "deepseek-v4-pro",
        "terms": [
            "in=.435 out=.87 read=.003625",
            *_peak("2026-08-16T16:00", "in=.66 out=1.98 read=.022", "in=1.32 out=3.96 read=.044"),
        ],
        **_PEAK,
    },
    {
        "provider": "deepseek",
        "model": "deepseek-chat",
        "then": _ALIAS_TERMS,
        "why": "the name followed V3.1, V3.2 and V4 Flash with their prices until it was retired",
        "source": _DEEPSEEK,
        "date": "2026-11-28",
    },
    {
        "provider": "deepseek",
        "model": "deepseek-reasoner",
        "rules": "=deepseek-reasoner",
        "then": _ALIAS_TERMS,
        "why": "the name followed V3.1, V3.2 and V4 Flash with their prices until it was retired",
        "source": _DEEPSEEK,
        "date": "2026-11-28",
    },
    {
        "provider": "deepseek",
        "model": "deepseek-r1",
        "rules": "^deepseek-r1",
        "terms": [
            "in=.135 out=.55 read=.035",
            "00:30-16:30 in=.55 out=2.19 read=.14",
            "2025-09-05T16:00 -",
        ],
        "why": "R1 by its own name did not follow the name deepseek-reasoner",
        "source": _DEEPSEEK,
        "date": "2026-11-28",
    },
    *(
        {
            "provider": "openai",
            "model": model,
            "terms": ["-"],
            "why": "open weights that others serve; their maker sells none",
            "source": "https://platform.openai.com/docs/pricing has none",
            "date": "2026-11-28",
        }
        for model in ("gpt-oss-120b", "gpt-oss-20b", "gpt-oss-safeguard-20b")
    ),
    *(
        {
            "provider": "openai",
            "model": model,
            "without": "fast",
            "why": "a record's `fast` may be `ultrafast`, which costs three times as much",
            "source": "litellm 1.110.2, *_ultrafast",
            "date": "2026-11-28",
        }
        for model in ("gpt-6-astra", "gpt-6.1-sol")
    ),
    *(
        {
            "provider": "anthropic",
            "model": f"claude-sonnet-4-{version}",
            "more_rules": f"^claude-4-{version}-sonnet ^claude-4.{version}-sonnet",
            "why": "gateways write it so, as the source has it for Opus and Haiku",
            "source": "usage bodies of pydantic/genai-prices, tests/dataset",
            "date": "2026-11-28",
        }
        for version in (5, 6)
    ),
    {
        "provider": "deepseek",
        "model": "deepseek-v3.2",
        "terms": ["in=.28 out=.42 read=.028"],
        "why": "the maker's own price while it served V3.2; the source has a reseller's",
        "source": "litellm 1.110.2, deepseek-chat of that time",
        "date": "2026-11-28",
    },
    {
        "provider": "mistral",
        "model": "mistral-large",
        "rules": "=mistral-large =mistral-large-2407 =mistral-large-2411",
        "why": "mistral-large-latest went on to mistral-large-2512",
        "source": "litellm 1.110.2, models.dev of 2026-10-26",
        "date": "2026-11-28",
    },
    {
        "provider": "mistral",
        "model": "mistral-large-latest",
        "rules": "=mistral-large-latest",
        "terms": [
            "in=2 out=6",
            "2025-12-02 in=.5 out=1.5 read=.05",
            "batch 2026-10-14 in=.25 out=.75 read=.025",
        ],
        "why": "the name went on to mistral-large-2512",
        "source": "litellm 1.110.2, models.dev of 2026-10-26",
        "date": "2026-11-28",
    },
    {
        "provider": "x-ai",
        "model": "grok-code-fast-1",
        "then": ["2026-05-15 -"],
        "why": "retired; sources disagree about what the name cost afterwards",
        "source": "litellm 1.110.2 (docs.x.ai, migration of 2026-05-15)",
        "date": "2026-11-28",
    },
]

# The longer lifetime of cache writes, where the source has none: that many times the shorter one's price.
LONG_WRITES = [
    {
        "provider": "openai",
        "times": 2,
        "why": "writes that are kept for 12 h cost twice the shorter ones, in every tier and beyond the cliff",
        "source": "litellm 1.110.2, *_above_12hr",
        "date": "2026-11-28",
    },
]

# Whose models others serve too, at other prices: the name of a model does not say who did.
OPEN = ["deepseek", "minimax", "mistral", "moonshotai", "zai", "zhipuai"]

# How gateways and clouds write a provider's name, beside the one in the book.
ALIASES = {
    "anthropic": ["claude", "anthropic-messages"],
    "aws": ["amazon", "amazon-bedrock", "aws-bedrock", "bedrock", "bedrock-converse"],
    "azure": ["azure-ai", "azure-openai", "azure-ai-foundry", "azure-foundry"],
    "cohere": ["cohere-chat"],
    "fireworks": ["fireworks-ai"],
    "github-copilot": ["copilot"],
    "google": ["gemini", "google-ai", "google-ai-studio", "google-gemini", "google-genai", "google-gla", "google-vertex"]
    + ["google-vertex-ai", "gcp-gemini", "gcp-vertex-ai", "gcp-gen-ai", "vertex", "vertex-ai"],
    "minimax": ["minimaxi"],
    "mistral": ["mistralai", "mistral-ai"],
    "moonshotai": ["moonshot", "kimi"],
    "openai": ["openai-chat", "openai-responses", "codex"],
    "perplexity": ["perplexity-ai"],
    "together": ["together-ai", "togetherai"],
    "voyageai": ["voyage"],
    "x-ai": ["xai", "grok"],
    "zai": ["z-ai", "z.ai"],
    "zhipuai": ["zhipu", "bigmodel"],
}
