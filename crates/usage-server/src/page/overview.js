// The first view: today, this week and this month beside the ones before; then the period that was chosen.

import { address, question } from "./address.js";
import { ask } from "./api.js";
import { breakdownTable, downloads } from "./breakdown.js";
import { h, svg } from "./dom.js";
import * as numbers from "./numbers.js";
import { timePart } from "./series.js";
import * as time from "./time.js";

const TITLES = { today: "Today", "this-week": "This week", "this-month": "This month", yesterday: "yesterday", "last-week": "last week", "last-month": "last month" };
const TOP = 8;

export async function overview(signal) {
  const top = (by) => ask("/v1/report", question({ by, top: TOP }), signal);
  const [now, over, models, projects] = await Promise.all([
    ask("/v1/overview", question({}, false), signal), timePart(null, signal), top("model"), top("project"),
  ]);
  const { summary, period } = models;
  return [
    h("div", { class: "cards" }, now.periods.map(card)),
    h("section", { "aria-label": "The period" },
      h("div", { class: "row" }, h("h2", {}, time.range(period)), downloads("/v1/report", question({ by: "model" }), "usage")),
      period.note && h("p", { class: "note" }, period.note),
      summary.requests === 0 ? await nothing(signal) : [figures(summary), kinds(summary), sure(summary)]),
    summary.requests > 0 && over.nodes,
    summary.requests > 0 && h("div", { class: "pair" }, most("model", models), most("project", projects)),
  ].filter(Boolean);
}

const most = (by, report) => h("section", {},
  h("div", { class: "row" }, h("h2", {}, `By ${by}`), h("a", { class: "quiet", href: address({ view: "breakdown", by }), "data-key": `more ${by}` }, `All, and a chart by ${by}`)),
  breakdownTable(report, by, true));

function card({ name, summary, before }) {
  const was = before.so_far;
  const isUnsure = numbers.isLowerBound(summary) || numbers.isLowerBound(was);
  const line = (title, now, then, write, about = "") => h("tr", {}, h("th", { scope: "row" }, title),
    h("td", { class: "number" }, write(summary)),
    h("td", { class: "number quiet" }, write(was)),
    h("td", { class: "number" }, about && now && then ? about : "", numbers.change(now, then)));
  return h("section", { class: "card", "aria-label": TITLES[name] },
    h("h2", {}, h("a", { href: address({ period: name, unit: null }), "data-key": `card ${name}` }, TITLES[name])),
    h("p", { class: "big" }, h("strong", { title: numbers.count(summary.tokens) }, numbers.tokens(summary.tokens)), " tokens"),
    kinds(summary),
    h("table", {},
      h("caption", { class: "out-of-sight" }, `${TITLES[name]} beside ${TITLES[before.name]}, as long after its start`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, h("span", { class: "out-of-sight" }, "Figure")), h("th", { scope: "col", class: "number" }, "now"),
        h("th", { scope: "col", class: "number", title: `From ${time.instant(before.start)} to ${time.instant(before.until)}` }, `${TITLES[before.name]} by then`),
        h("th", { scope: "col", class: "number" }, "change"))),
      h("tbody", {},
        line("Tokens", summary.tokens, was.tokens, (of) => numbers.tokens(of.tokens)),
        line("Cost", Number(summary.cost_usd), Number(was.cost_usd), numbers.cost, isUnsure ? "≈ " : ""),
        line("Requests", summary.requests, was.requests, (of) => numbers.count(of.requests)),
        line("From cache", null, null, numbers.cacheShare))),
    h("p", { class: "quiet" }, `All of ${TITLES[before.name]}: ${numbers.tokens(before.summary.tokens)} tokens, ${numbers.cost(before.summary)}`));
}

function figures(summary) {
  const entry = (title, value, exact) => h("div", {}, h("dt", {}, title), h("dd", { title: exact }, value));
  return h("dl", { class: "figures" },
    entry("Tokens", numbers.tokens(summary.tokens), numbers.count(summary.tokens)),
    entry("Cost by list price", numbers.cost(summary), summary.cost_usd),
    summary.stated_cost_usd != null && entry("Cost as stated by sources", `${numbers.dollars(summary.stated_cost_usd)} of ${numbers.share(summary.stated_requests, summary.requests)} of requests`, summary.stated_cost_usd),
    entry("Requests", numbers.count(summary.requests)),
    entry("Read from cache", numbers.cacheShare(summary)),
    summary.token_kinds.reasoning > 0 && entry("Reasoning, of output", numbers.share(summary.token_kinds.reasoning, summary.token_kinds.output)),
    summary.web_searches > 0 && entry("Web searches", numbers.count(summary.web_searches)),
    summary.fallbacks > 0 && entry("Fallbacks", numbers.count(summary.fallbacks)));
}

/** A bar of the kinds of tokens, and what they are. */
function kinds({ tokens, token_kinds }) {
  if (tokens === 0) return h("p", { class: "quiet" }, "No tokens.");
  let from = 0;
  const found = numbers.KINDS.map(([kind, title], at) => ({ title, at, number: token_kinds[kind] })).filter((of) => of.number > 0);
  const bars = found.map(({ at, number }) => {
    const width = (100 * number) / tokens;
    from += width;
    return svg("rect", { x: `${from - width}%`, y: 0, width: `${width}%`, height: 10, class: `c${at}` });
  });
  return h("div", {},
    svg("svg", { class: "bar", height: 10, "aria-hidden": "true" }, bars),
    h("ul", { class: "legend" }, found.map(({ title, at, number }) =>
      h("li", { title: numbers.count(number) }, h("span", { class: `swatch c${at}`, "aria-hidden": "true" }), `${title} ${numbers.tokens(number)} (${numbers.share(number, tokens)})`))));
}

/** Says how sure the figures are. */
export function sure(summary) {
  const doubts = numbers.doubts(summary);
  const list = "Costs are by list price, not what a subscription paid.";
  if (doubts.length === 0) return h("p", { class: "quiet" }, `All requests are priced, with full counts. ${list}`);
  return h("div", { class: "sure" },
    h("ul", {}, doubts.map((text) => h("li", {}, text))),
    h("p", { class: "quiet" }, numbers.isLowerBound(summary) && "≥ stands before what is a lower bound. ", list, " ",
      h("a", { href: address({ view: "quality" }), "data-key": "quality" }, "Which they are")));
}

/** Says where there is something, if there is nothing here. */
async function nothing(signal) {
  const all = await ask("/v1/report", question({ period: "all-time", by: "month", top: 1 }), signal).catch(() => null);
  const newest = await ask("/v1/status", null, signal).then((status) => status.newest).catch(() => null);
  if (newest == null) {
    return h("div", {}, h("p", { class: "empty" }, "Nothing has been recorded yet."),
      h("p", {}, "Coding agents and gateways send to this server: ", h("code", {}, "usage setup AGENT"), " prints what to set. ",
        h("code", {}, "usage import agents"), " reads what they have logged already."));
  }
  return h("div", {}, h("p", { class: "empty" }, "There are no requests in this period that pass the filters."),
    h("p", {}, `The newest record is of ${newest.slice(0, 10)}. `,
      all?.summary.requests > 0 && h("a", { href: address({ period: newest.slice(0, 7), unit: null }), "data-key": "newest" }, "Show its month")));
}
