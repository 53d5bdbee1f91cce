// Figures over time: what is asked, and the chart of it.

import { address, chosen, go, of, question } from "./address.js";
import { ask } from "./api.js";
import { chart } from "./chart.js";
import { h, shown } from "./dom.js";
import * as numbers from "./numbers.js";
import * as time from "./time.js";

/** What a chart can be of: how it is called, read and written. */
const MEASURES = {
  tokens: { title: "Tokens", of: (totals) => totals.tokens, write: numbers.tokens, exact: (n) => `${numbers.count(n)} tokens` },
  cost: { title: "Cost", of: (totals) => Number(totals.cost_usd ?? 0), write: numbers.dollars, exact: (n) => numbers.dollars(n) },
  requests: { title: "Requests", of: (totals) => totals.requests, write: numbers.tokens, exact: (n) => `${numbers.count(n)} requests` },
};
const UNITS = { auto: "Automatic", quarter_hour: "Quarter of an hour", hour: "Hour", day: "Day", week: "Week", month: "Month" };
const SERIES = 8;

/** Makes the part of a view that shows time; `split` is the dimension that is told apart, kinds of tokens without. */
export async function timePart(split, signal) {
  const asked = (more) => ask("/v1/series", question({ unit: chosen().get("unit") ?? "auto", ...more }), signal);
  const [all, apart] = await Promise.all([asked({}), split ? asked({ by: split, top: SERIES }) : null]);
  const unit = all.by[0];
  const groups = withoutFuture(all.groups, unit);
  const measure = of(MEASURES, chosen().get("measure")) ?? MEASURES.tokens;
  const { series, values } = split ? byName(groups, apart, unit, split, measure) : byKind(groups, measure);
  const bars = groups.map((group, at) => ({
    at: group[unit],
    name: time.unit(group[unit], unit),
    tick: (before) => time.tick(group[unit], unit, before?.at),
    values: values[at],
  }));
  const title = `${measure.title} by ${UNITS[unit].toLowerCase()}${split ? ` and ${split}` : ""}`;
  const end = (at) => groups[at + 1]?.[unit] ?? all.period.end ?? new Date(Date.now() + 3_600_000).toISOString();
  const zoom = (first, last) => go(address({ period: time.named(groups[first][unit], end(last)), unit: null, top: null }));
  const out = time.around(all.period);
  const zoomOut = () => out && go(address({ period: out, unit: null }));
  const body = bars.length === 0 ? h("p", { class: "quiet" }, "There is nothing to draw.")
    : chart({ title, bars, series, write: measure.write, exact: measure.exact, zoom: unit === "quarter_hour" && bars.length === 1 ? null : zoom, zoomOut });
  return { all, nodes: h("section", { "aria-label": title },
    h("div", { class: "row" }, h("h2", {}, title), options("measure", "Show", Object.entries(MEASURES).map(([key, of]) => [key, of.title]), "tokens"),
      options("unit", "By", Object.entries(UNITS), "auto")),
    body,
    h("p", { class: "quiet" }, "Drag over bars to zoom in, down to a quarter of an hour. ",
      out && h("button", { type: "button", onclick: zoomOut, "data-key": "out" }, "Zoom out"))) };
}

/** Makes a choice of one of several values of a name in the address. */
export function options(name, title, choices, usual) {
  const now = chosen().get(name) ?? usual;
  return h("label", {}, `${title} `, h("select", { "data-key": name, onchange: (event) => {
    const value = event.target.value;
    go(address({ [name]: value === usual ? null : value }));
  } }, choices.map(([value, text]) => h("option", { value, selected: value === now }, text))));
}

/** Leaves out the units at the end that are still to come. */
function withoutFuture(groups, unit) {
  const now = Date.now();
  const last = groups.findLastIndex((group) => group.requests > 0 || Date.parse(group[unit]) <= now);
  return groups.slice(0, last + 1);
}

function byKind(groups, measure) {
  if (measure !== MEASURES.tokens) return { series: [measure.title], values: groups.map((group) => [measure.of(group)]) };
  const kinds = numbers.KINDS.filter(([kind]) => groups.some((group) => group.token_kinds[kind] > 0));
  const shownKinds = kinds.length > 0 ? kinds : numbers.KINDS.slice(0, 1);
  return {
    series: shownKinds.map(([, title]) => title),
    values: groups.map((group) => shownKinds.map(([kind]) => group.token_kinds[kind])),
  };
}

/** The names with the most tokens, and what is left of the whole. */
function byName(groups, apart, unit, split, measure) {
  const sums = new Map();
  for (const group of apart.groups) sums.set(group[split], (sums.get(group[split]) ?? 0) + group.tokens);
  const names = [...sums.keys()].sort((a, b) => sums.get(b) - sums.get(a));
  const at = new Map(groups.map((group, at) => [group[unit], at]));
  const values = groups.map(() => new Array(names.length + 1).fill(0));
  for (const group of apart.groups) {
    const bar = values[at.get(group[unit])];
    if (bar) bar[names.indexOf(group[split])] += measure.of(group);
  }
  const series = names.map(shown);
  const rest = groups.map((group, at) => measure.of(group) - values[at].reduce((sum, value) => sum + value, 0));
  const hasRest = (apart.left_out?.groups.count ?? 0) > 0;
  if (hasRest) series.push(`${numbers.count(apart.left_out.groups.count)} others`);
  values.forEach((bar, at) => (hasRest ? (bar[names.length] = Math.max(rest[at], 0)) : bar.pop()));
  if (series.length === 0) return { series: [measure.title], values: groups.map((group) => [measure.of(group)]) };
  return { series, values };
}
