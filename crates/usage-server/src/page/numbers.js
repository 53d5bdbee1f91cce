// Numbers as people read them, and how sure they are.

export const KINDS = [
  ["input", "Input"],
  ["output", "Output"],
  ["cache_write", "Cache write"],
  ["cache_read", "Cache read"],
  ["unclassified", "Unclassified"],
];

const whole = new Intl.NumberFormat("en-US");

/** Writes a count with separators. */
export const count = (number) => whole.format(number);

const UNITS = [[1e12, "T"], [1e9, "B"], [1e6, "M"]];

/** Writes tokens as reports do: 1,500, 1.2M, 200.0M. */
export function tokens(number) {
  for (const [size, name] of UNITS) {
    if (number >= size * 0.99995) return `${(number / size).toFixed(1)}${name}`;
  }
  return count(number);
}

/** Returns a writer for a column: all in the unit that suits the greatest. */
export function ofColumn(numbers) {
  const most = numbers.reduce((most, number) => Math.max(most, number), 0);
  // With a thousand of it or more the small ones still have figures.
  const unit = UNITS.find(([size]) => most >= size * 10);
  if (!unit) return count;
  const [size, name] = unit;
  return (number) => {
    if (number > 0 && number < size / 20) return `<0.1${name}`;
    return `${(number / size).toLocaleString("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })}${name}`;
  };
}

/** Writes dollars: two decimals from one on, two figures below. */
export function dollars(text) {
  const number = Number(text);
  if (number === 0) return "$0";
  if (Math.abs(number) >= 1) {
    return `$${number.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
  }
  if (Math.abs(number) >= 0.1) return `$${number.toFixed(2)}`;
  return `$${number.toLocaleString("en-US", { maximumSignificantDigits: 2 })}`;
}

/** Writes a unit price, all of it: cents at least. */
export function unitPrice(text) {
  const [whole, part = ""] = text.split(".");
  return `$${whole}.${part.padEnd(2, "0")}`;
}

/** Returns whether a cost is no more than a lower bound. */
export function isLowerBound(totals) {
  return totals.priced_requests < totals.requests || totals.partial > 0 || totals.estimated > 0;
}

/** Writes a cost with what is sure of it: nothing that is unknown is called 0. */
export function cost(totals) {
  if (totals.cost_usd == null) return totals.requests > 0 ? "no price" : "–";
  return (isLowerBound(totals) ? "≥ " : "") + dollars(totals.cost_usd);
}

/** Says which part of the requests a cost is of, where that is not most of them. */
export function priced(totals) {
  const isMost = totals.cost_usd == null || totals.priced_requests >= totals.requests * 0.9;
  return isMost ? null : `${share(totals.priced_requests, totals.requests)} priced`;
}

/** Writes a part of a whole. */
export function share(part, whole) {
  if (!whole) return "–";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  if (percent < 100 && percent > 99.9) return ">99.9%";
  return `${percent.toFixed(percent < 10 ? 1 : 0)}%`;
}

/** Writes how much more or less it is than before. */
export function change(now, before) {
  if (!before) return now ? "nothing before" : "";
  const percent = (100 * (now - before)) / before;
  const sign = percent > 0 ? "+" : percent < 0 ? "−" : "±";
  const size = Math.abs(percent);
  return size >= 1000 ? `${sign}×${(now / before).toFixed(0)}` : `${sign}${size.toFixed(0)}%`;
}

/** Returns the part of what was read that came from a cache. */
export function cacheShare(totals) {
  const kinds = totals.token_kinds;
  const read = kinds.input + kinds.cache_read + kinds.cache_write;
  return read ? share(kinds.cache_read, read) : "–";
}

/** Says what keeps figures from being sure, a text for each. */
export function doubts(totals) {
  const found = [];
  const of = (number, what) => {
    if (number > 0) found.push(`${count(number)} of ${count(totals.requests)} requests ${what}`);
  };
  of(totals.requests - totals.priced_requests, "have no price");
  of(totals.partial, "have partial counts");
  of(totals.estimated, "have estimated counts");
  of(totals.inconsistent, "have counts that do not add up");
  of(totals.elsewhere, "were recorded by another instance too");
  of(totals.errors, "failed");
  of(totals.cancelled, "were cancelled");
  return found;
}
