"""Makes the price books from the wheel of genai-prices, and compares them with litellm's table.

    reduce.py GENAI_WHEEL LITELLM_WHEEL FOLDER DATE

Called by `cargo xtask prices`, which pins the wheels by their checksums. Nothing of the wheels is run: the data
module of genai-prices holds nothing but constructors and is read as a syntax tree.
"""

import ast
import datetime
import hashlib
import json
import re
import sys
import zipfile
from decimal import Decimal

from corrections import ALIASES, CORRECTIONS, LONG_WRITES, OPEN

# Who sells under its own name; everybody else's prices are in no book, and the user's file says them.
DIRECT = """anthropic aws azure cerebras cohere deepseek fireworks github-copilot google groq meta minimax mistral
moonshotai openai perplexity together voyageai x-ai zai zhipuai""".split()
OPTIONAL = ["openrouter"]

KINDS = [
    ("input_mtok", "in"),
    ("output_mtok", "out"),
    ("cache_read_mtok", "read"),
    ("cache_write_mtok", "write"),
    ("cache_write_1h_mtok", "long"),
    ("input_audio_mtok", "in-audio"),
    ("output_audio_mtok", "out-audio"),
    ("cache_audio_read_mtok", "read-audio"),
    ("web_searches_kcount", "search"),
]
# Parts of a kind that counts do not tell apart: where one has another price, the kind as a whole has none.
UNTOLD = {
    "in": ["input_image_mtok", "input_video_mtok"],
    "out": ["output_image_mtok", "output_video_mtok", "output_citation_mtok"],
    "read": ["cache_image_read_mtok"],
}
TIERS = {("processing", "batch"): "batch", ("service_tier", "flex"): "flex", ("speed", "fast"): "fast"}
TIERS |= {("service_tier", "priority"): "priority", ("service_tier", "fast"): "fast"}
notes = []


class Node(dict):
    """A constructor's call: its name under `kind`, its arguments by their names."""

    __getattr__ = dict.get


def read_data(wheel):
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("genai_prices/data.py").decode()
        licence = next(n for n in archive.namelist() if n.endswith("/LICENSE"))
        licence = archive.read(licence).decode()
    for statement in ast.parse(text).body:
        if isinstance(statement, ast.AnnAssign) and statement.target.id == "providers":
            return value_of(statement.value), licence
    raise SystemExit("the wheel holds no list of providers")


def value_of(node):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.List):
        return [value_of(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        return {value_of(k): value_of(v) for k, v in zip(node.keys, node.values)}
    if isinstance(node, ast.Attribute):
        return ast.unparse(node)
    name = ast.unparse(node.func)
    positional = [value_of(item) for item in node.args]
    named = {item.arg: value_of(item.value) for item in node.keywords}
    if name == "Decimal":
        return Decimal(positional[0])
    if name == "datetime.date":
        return datetime.date(*positional)
    if name == "datetime.time":
        return datetime.time(*positional)
    return Node(named, kind=name, positional=positional)


# --- names ------------------------------------------------------------------------------------------------------


def rules_of(clause):
    """The words of the book for a clause: alternatives, each a list of conditions."""
    kind = clause.kind
    if kind == "ClauseOr":
        return [rule for part in clause.or_ for rule in rules_of(part)]
    if kind == "ClauseAnd":
        combined = [[]]
        for part in clause.and_:
            combined = [left + right for left in combined for right in rules_of(part)]
        return combined
    if kind == "ClauseRegex":
        return from_regex(clause.regex)
    mark, field = {
        "ClauseEquals": ("=", "equals"),
        "ClauseStartsWith": ("^", "starts_with"),
        "ClauseEndsWith": ("$", "ends_with"),
        "ClauseContains": ("~", "contains"),
    }[kind]
    text = clause[field].lower()
    if not text or re.search(r"[\s#&]", text):
        raise SystemExit(f"cannot be written in the book: {text!r}")
    return [[mark + text]]


def from_regex(regex):
    """The few shapes that are in use; `#` is a digit."""
    if regex == r"^(?!.*-[tT][tT][sS](?:$|-))":
        return [["!-tts"]]
    if regex == "^o[134]":
        return [["^o1"], ["^o3"], ["^o4"]]
    if regex.startswith(r"^(?![^/]+/)(?:labs-)?(?:(?:mi|code|dev|magi|mini)stral"):
        makes = "mistral codestral devstral magistral ministral mixtral pixtral voxtral open-mistral open-mixtral".split()
        return [["^" + labs + make] for make in makes for labs in ("", "labs-")]
    start = regex.startswith("^")
    end = regex.endswith("$")
    body = regex[start : len(regex) - end]
    body = re.sub(r"\\d(?:\{(\d+)\})?", lambda m: "#" * int(m.group(1) or 1), body)
    body = body.replace("[-@]", "\0")
    plain = re.sub(r"\\(.)", r"\1", body)
    if not start or re.search(r"[()|?*+^$]", plain) or re.search(r"(?<!\\)[\[\]]", body):
        raise SystemExit(f"a regular expression that the book has no words for: {regex}")
    mark = "=" if end else "^"
    if "\0" in plain:
        return [[mark + plain.replace("\0", separator)] for separator in "-@"]
    return [[mark + plain]]


def words(rules):
    return " ".join(sorted("&".join(conditions) for conditions in rules))


# --- prices -----------------------------------------------------------------------------------------------------


def plain(number, where):
    """A price in dollars a million, exact to a pico-dollar a token."""
    rounded = number.quantize(Decimal("0.000001"))
    if rounded != number:
        notes.append(f"rounded: {where}: {number} -> {rounded}")
    text = format(rounded.normalize(), "f")
    return text[1:] if text.startswith("0.") else text


def priced(prices):
    return {k: v for k, v in prices.items() if k not in ("kind", "positional") and v is not None}


def lines_of(prices, where):
    """(above, words) for the base and each cliff."""
    prices = priced(prices)
    if "requests_kcount" in prices:
        notes.append(f"no price: {where}: a fee a request depends on what no record says")
        return [(0, "-")]
    starts = {tier.start for price in prices.values() if isinstance(price, Node) for tier in price.tiers or ()}
    lines = []
    for above in [0, *sorted(starts)]:
        written = []
        for key, word in KINDS:
            price = at(prices.get(key), above)
            if price is None:
                continue
            untold = [at(prices.get(part), above) for part in UNTOLD.get(word, ())]
            if any(other is not None and other != price for other in untold):
                if above == 0:
                    notes.append(f"no price: {where}: {word}: pictures or video cost something else")
                continue
            written.append(f"{word}={plain(price, where)}")
        lines.append((above, " ".join(written) or "-"))
    return lines


def at(price, above):
    if not isinstance(price, Node):
        return price
    value = price.base
    for tier in sorted(price.tiers or (), key=lambda tier: tier.start):
        if above >= tier.start:
            value = tier.price
    return value


def active(constraint, day, minute):
    if constraint is None:
        return True
    if constraint.kind == "StartDateConstraint":
        return day is not None and day >= constraint.start_date
    start, end = minutes(constraint)
    return start <= minute < end if start <= end else minute >= start or minute < end


def minutes(constraint):
    return [t.hour * 60 + t.minute for t in (constraint.start_time, constraint.end_time)]


def terms_of(model, provider):
    """The lines of a model: each tier, from each date on, in each part of the day, complete in itself."""
    where = f"{provider.id}/{model.id}"
    standard = model.prices if isinstance(model.prices, list) else [Node(kind="", prices=model.prices)]
    variants = {}
    for variant in model.price_variants or ():
        tier = TIERS.get(next(iter(variant.when.items())))
        if len(variant.when) != 1 or tier is None:
            if variant.when != {"service_tier": "default"}:
                notes.append(f"left out: {where}: prices for {variant.when}")
            continue
        variants.setdefault(tier, []).append(variant)
    out = []
    for tier in ["", *sorted(variants)]:
        conditions = [price.constraint for price in standard]
        conditions += [variant.constraint for variant in variants.get(tier, ())]
        days = {c.start_date for c in conditions if c and c.kind == "StartDateConstraint"}
        bounds = {m for c in conditions if c and c.kind == "TimeOfDateConstraint" for m in minutes(c)}
        before = None
        for day in [None, *sorted(days)]:
            by_hours = []
            for begin, end in spans(sorted(bounds)):
                prices = resolved(standard, variants.get(tier), day, begin)
                if prices is None:
                    continue
                by_hours.append((begin, end, lines_of(prices, f"{where} {tier}".strip())))
            block = written(by_hours)
            if block and block != before:
                out += [head(tier, day, line) for line in block]
                before = block
    return out


def spans(bounds):
    if not bounds:
        return [(0, 0)]
    return list(zip(bounds, bounds[1:] + bounds[:1]))


def resolved(standard, variants, day, minute):
    chosen = standard[0].prices or standard[0].positional[1]
    for price in reversed(standard):
        if active(price.constraint, day, minute):
            chosen = price.prices
            break
    if variants is None:
        return chosen
    over = {}
    found = False
    for variant in variants:
        if active(variant.constraint, day, minute):
            found = True
            for key, price in priced(variant.prices).items():
                over.setdefault(key, price)
    return Node(chosen) | over if found else None


def written(by_hours):
    """The commonest prices without hours, the others with theirs."""
    if not by_hours:
        return []
    kinds = {}
    for begin, end, lines in by_hours:
        kinds.setdefault(tuple(lines), []).append((begin, end))
    length = lambda spans: sum((end - begin) % 1440 or 1440 for begin, end in spans)
    common = max(kinds, key=lambda lines: length(kinds[lines]))
    out = [("", above, text) for above, text in common]
    for begin, end, lines in by_hours:
        if tuple(lines) != common:
            clock = lambda m: f"{m // 60:02}:{m % 60:02}"
            out += [(f"{clock(begin)}-{clock(end)}", above, text) for above, text in lines]
    return out


def head(tier, day, line):
    hours, above, text = line
    parts = [tier, day.isoformat() if day else "", hours, f">{above}" if above else "", text]
    return " ".join(part for part in parts if part)


# --- the books --------------------------------------------------------------------------------------------------


def book(providers, names, source, licence, date):
    count = len(CORRECTIONS) + len(LONG_WRITES) if "openai" in names else 0
    lines = ["usage-prices 1", f"version {source}", f"date {date}", f"corrections {count}"]
    body = []
    models = 0
    for provider in sorted(providers, key=lambda p: p.id):
        if provider.id not in names:
            continue
        body += ["", f"@ {provider.id}"]
        by_name = sorted(ALIASES.get(provider.id, []))
        if by_name:
            body.append("also " + " ".join(by_name))
        if provider.id in OPEN:
            body.append("open")
        if provider.model_match:
            body.append("makes " + words(rules_of(provider.model_match)))
        if provider.fallback_model_providers:
            body.append("sells " + " ".join(provider.fallback_model_providers))
        entries = {}
        for model in provider.models:
            entries[model.id] = (words(rules_of(model.match)), terms_of(model, provider))
        correct(provider.id, entries)
        for name in sorted(entries):
            rules, terms = entries[name]
            body += [f"{name} {rules}", *(" " + line for line in terms)]
            models += 1
    lines += [f"# {models} models. Made by `cargo xtask prices`; corrections are in xtask/src/prices/corrections.py.", "#"]
    lines += [f"# {line}".rstrip() for line in licence.strip().splitlines()]
    body = "\n".join(body) + "\n"
    digest = hashlib.sha256(body.encode()).hexdigest()
    return "\n".join(lines) + f"\nsha256 {digest}\n" + body


def correct(provider, entries):
    for fix in CORRECTIONS:
        if fix["provider"] == provider:
            old_rules, old_terms = entries.get(fix["model"], ("", []))
            rules = " ".join(sorted(fix.get("rules", old_rules).split() + fix.get("more_rules", "").split()))
            terms = fix.get("terms", old_terms) + fix.get("then", [])
            if tier := fix.get("without"):
                terms = [line for line in terms if line.split()[0] != tier] + [f"{tier} -"]
            entries[fix["model"]] = (rules, terms)
            notes.append(f"corrected: {provider}/{fix['model']}: {fix['why']} ({fix['source']}, {fix['date']})")
    for fix in LONG_WRITES:
        if fix["provider"] != provider:
            continue
        for name, (rules, terms) in entries.items():
            longer = [with_long(line, fix["times"]) for line in terms]
            if longer != terms:
                entries[name] = (rules, longer)
                notes.append(f"corrected: {provider}/{name}: {fix['why']} ({fix['source']}, {fix['date']})")


def with_long(line, times):
    found = re.search(r"(?<= )write=(\S+)", " " + line)
    if not found or " long=" in line:
        return line
    long = plain(Decimal(found.group(1)) * times, "long")
    return re.sub(r"(?<!\S)write=\S+", f"{found.group(0)} long={long}", line)


# --- the second source ------------------------------------------------------------------------------------------


def compare(text, wheel, date):
    with zipfile.ZipFile(wheel) as archive:
        table = json.loads(archive.read("litellm/model_prices_and_context_window_backup.json"), parse_float=Decimal)
    prefixes = {"anthropic": [""], "openai": [""], "google": ["gemini/"], "mistral": ["mistral/"]}
    prefixes |= {"deepseek": ["deepseek/"], "x-ai": ["xai/"], "groq": ["groq/"], "cohere": [""]}
    prefixes |= {"aws": [""], "cerebras": ["cerebras/"], "moonshotai": ["moonshot/"], "zai": ["zai/"]}
    keys = [("in", "input_cost_per_token"), ("out", "output_cost_per_token"), ("read", "cache_read_input_token_cost")]
    keys += [("write", "cache_creation_input_token_cost"), ("long", "cache_creation_input_token_cost_above_1hr")]
    agree = missing = 0
    differ = []
    for (provider, name), alternatives in sorted(in_force(text, date).items()):
        theirs = next((table[p + name] for p in prefixes.get(provider, ()) if p + name in table), None)
        if theirs is None:
            missing += provider in prefixes
            continue
        wrong = [differences(ours, theirs, keys) for ours in alternatives]
        agree += not all(wrong)
        if all(wrong):
            differ.append(f"{provider}/{name}: " + wrong[0])
    print(f"compared with litellm: {agree} models agree, {len(differ)} do not, {missing} are not in it")
    for line in differ:
        print("  " + line)


def in_force(text, date):
    """The standard prices of each model on that day; several where they depend on the hour."""
    found = {}
    provider = name = ""
    for line in text.splitlines():
        if line.startswith("@ "):
            provider = line[2:]
        elif line.startswith(" ") and provider:
            words = line.split()
            since = next((w for w in words if re.match(r"\d{4}-", w)), "")
            hours = any(re.search(r"\d\d:\d\d-", w) for w in words)
            if since > date or any(w in set(TIERS.values()) or w.startswith(">") for w in words):
                continue
            if not hours:
                found[provider, name] = []
            found.setdefault((provider, name), []).append(dict(w.split("=") for w in words if "=" in w))
        elif line and not line.startswith("#"):
            name = line.split()[0]
    return found


def differences(ours, theirs, keys):
    wrong = []
    for word, key in keys:
        other = theirs.get(key)
        if other is None or word not in ours:
            continue
        other = Decimal(other) * 1_000_000
        if abs(Decimal(ours[word]) - other) > Decimal("0.0000005"):
            wrong.append(f"{word} {ours[word]} / {other.normalize():f}")
    return ", ".join(wrong)


def main():
    genai, litellm, folder, date = sys.argv[1:]
    providers, licence = read_data(genai)
    version = genai.rsplit("/", 1)[-1].split("-")[1]
    with open(genai, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    source = f"genai-prices {version} sha256:{digest}"
    for name, names in (("direct", DIRECT), ("openrouter", OPTIONAL)):
        text = book(providers, names, source, licence, date)
        with open(f"{folder}/{name}.txt", "w") as file:
            file.write(text)
        print(f"{name}.txt: {len(text)} bytes")
        if name == "direct" and litellm != "-":
            compare(text, litellm, date)
    for note in sorted(set(notes)):
        print(note)


main()
