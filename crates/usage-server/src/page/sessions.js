// Sessions, and when each of them was.

import { address, chosen, filtered, go, question } from "./address.js";
import { ask } from "./api.js";
import { costCell, downloads } from "./breakdown.js";
import { h, named, shown, svg, table } from "./dom.js";
import * as numbers from "./numbers.js";
import * as time from "./time.js";

const TOP = [50, 200, 1000];
const DRAWN = 30;
const ORDERS = [["last", "that ended last"], ["tokens", "with the most tokens"], ["start", "that began last"]];

export async function sessions(signal) {
  const sort = ORDERS.find(([name]) => name === chosen().get("sort"))?.[0] ?? "last";
  const top = TOP.find((step) => String(step) === chosen().get("top")) ?? TOP[0];
  const list = await ask("/v1/sessions", question({ sort, top }), signal);
  const of = list.sessions;
  const head = h("div", { class: "row" }, h("h2", {}, time.range(list.period)),
    h("label", {}, "Those ", h("select", { "data-key": "sort", onchange: (event) => go(address({ sort: event.target.value })) },
      ORDERS.map(([name, title]) => h("option", { value: name, selected: name === sort }, title)))),
    downloads("/v1/sessions", question({ sort }), "usage-sessions"));
  if (of.length === 0) {
    return [head, h("p", { class: "empty" }, "No session ended in this period."),
      h("p", { class: "quiet" }, "A session is what an agent did in one go. Records that name none belong to none.")];
  }
  const next = TOP.find((step) => step > top);
  return [head, timeline(of), listed(of),
    of.length === top && next && h("p", {}, h("a", { href: address({ top: next }), "data-key": "more" }, `Show ${numbers.count(next)}`))].filter(Boolean);
}

const length = (session) => Date.parse(session.end) - Date.parse(session.start);
const title = (session) => shown(session.projects[0] ?? session.session_id);

/** A line for each session, from its first to its last record. */
function timeline(all) {
  const drawn = [...all].sort((a, b) => Date.parse(b.start) - Date.parse(a.start)).slice(0, DRAWN);
  const from = Math.min(...drawn.map((of) => Date.parse(of.start)));
  const to = Math.max(...drawn.map((of) => Date.parse(of.end)), from + 60_000);
  const most = Math.max(...drawn.map((of) => of.tokens), 1);
  const [left, width, high] = [24, 74, 18];
  const x = (at) => left + (width * (Date.parse(at) - from)) / (to - from);
  const edge = (at, anchor, place) => svg("text", { x: `${place}%`, y: 12, "text-anchor": anchor, class: "edge" }, time.instant(at));
  const earliest = drawn.reduce((a, b) => (Date.parse(a.start) <= Date.parse(b.start) ? a : b)).start;
  const latest = drawn.reduce((a, b) => (Date.parse(a.end) >= Date.parse(b.end) ? a : b)).end;
  const lines = drawn.map((session, at) => {
    const y = 22 + at * high;
    const start = x(session.start);
    return svg("g", {},
      svg("title", {}, `${title(session)}: ${time.instant(session.start)}, ${time.length(length(session))}, ${numbers.tokens(session.tokens)} tokens`),
      svg("svg", { y, width: `${left - 1}%`, height: 14 }, svg("text", { y: 10 }, clipped(title(session)))),
      svg("rect", { x: `${left}%`, y: y + 5, width: `${width}%`, height: 1, class: "rail" }),
      svg("rect", { x: `${start}%`, y: y + 1, width: `${Math.max(x(session.end) - start, 0.4)}%`, height: 9, rx: 2, class: "c0", "fill-opacity": 0.5 + (0.5 * session.tokens) / most }));
  });
  const more = all.length > drawn.length ? ` The ${DRAWN} that began last of ${numbers.count(all.length)}.` : "";
  return h("section", { "aria-label": "Timeline" }, h("h2", {}, "Timeline"),
    svg("svg", { class: "timeline", height: 26 + drawn.length * high, role: "img", "aria-label": `When each session was; the table below has the same.${more}` },
      edge(earliest, "start", left), edge(latest, "end", left + width), lines),
    h("p", { class: "quiet" }, `The more tokens, the stronger the colour.${more}`));
}

const clipped = (text) => (text.length > 22 ? `${text.slice(0, 21)}…` : text);

function listed(all) {
  const tokens = numbers.ofColumn(all.map((of) => of.tokens));
  const names = (list, label) => list.slice(0, 3).map((name, at) =>
    [at > 0 && ", ", h("a", { href: filtered(label, name), "data-key": `${label} ${name}` }, named(name))])
    .concat(list.length > 3 ? ` and ${list.length - 3} more` : "");
  return table("Sessions", [
    { title: "Start", class: "time", cell: (of) => time.instant(of.start), exact: (of) => of.start },
    { title: "Length", number: true, wide: true, cell: (of) => time.length(length(of)), exact: (of) => `until ${of.end}` },
    { title: "Session", wide: true, class: "of-id", cell: (of) => named(of.session_id) },
    { title: "Instance", wide: true, cell: (of) => names([of.instance], "instance") },
    { title: "Project", cell: (of) => names(of.projects, "project") },
    { title: "Models", wide: true, cell: (of) => names(of.models, "model") },
    { title: "Requests", number: true, wide: true, cell: (of) => numbers.count(of.requests) },
    { title: "Tokens", number: true, cell: (of) => tokens(of.tokens), exact: (of) => numbers.count(of.tokens) },
    { title: "In period", number: true, wide: true, cell: (of) => (of.in_period ? numbers.share(of.in_period.tokens, of.tokens) : "not known") },
    { title: "Cost", number: true, cell: costCell, exact: (of) => of.cost_usd },
    all.some((of) => of.frozen) && { title: "Kept", wide: true, cell: (of) => !of.frozen ? "records" : h("span", { class: "quiet", title: "Its records were pruned; these are its sums" }, "sums only") },
  ].filter(Boolean), all);
}

