// The figures by one dimension, each name a filter to click.

import { LABELS, address, chosen, filtered, go, question } from "./address.js";
import { ask, save } from "./api.js";
import { h, named, say, shown, table } from "./dom.js";
import * as numbers from "./numbers.js";
import { timePart } from "./series.js";
import * as time from "./time.js";

const STEPS = [50, 200, 1000];

export async function breakdown(signal) {
  const by = chosen().get("by") ?? "model";
  const top = STEPS.find((step) => String(step) === chosen().get("top")) ?? STEPS[0];
  const [report, over] = await Promise.all([ask("/v1/report", question({ by, top }), signal), timePart(by, signal)]);
  const next = STEPS.find((step) => step > top);
  const hasMore = report.left_out?.groups.count > 0 && next;
  return [
    h("div", { class: "row" }, h("h2", {}, time.range(report.period)), dimensions(by),
      downloads("/v1/report", question({ by }), `usage-by-${by.replace(":", "-")}`)),
    report.period.note && h("p", { class: "note" }, report.period.note),
    over.nodes,
    h("section", {}, breakdownTable(report, by, false),
      hasMore && h("p", {}, h("a", { href: address({ top: next }), "data-key": "more" }, `Show ${numbers.count(next)}`))),
  ].filter(Boolean);
}

function dimensions(by) {
  const choices = LABELS.includes(by) ? LABELS : [...LABELS, by];
  const input = h("input", { id: "tag", size: 10, maxlength: 32, placeholder: "tag", "aria-label": "Or by the tag", "data-key": "tag" });
  return [
    h("label", {}, "By ", h("select", { "data-key": "by", onchange: (event) => go(address({ by: event.target.value, top: null })) },
      choices.map((name) => h("option", { value: name, selected: name === by }, name)))),
    h("form", { onsubmit: (event) => {
      event.preventDefault();
      if (input.value.trim()) go(address({ by: `tag:${input.value.trim()}`, top: null }));
    } }, input, " ", h("button", {}, "By tag")),
  ];
}

/** Makes the table of a report by one dimension; a short one leaves the kinds out. */
export function breakdownTable(report, by, isShort) {
  const { summary, groups, left_out: left } = report;
  const all = [...groups, summary];
  const column = (title, of, wide) => {
    const write = numbers.ofColumn(all.map(of));
    return { title, number: true, wide, cell: (row) => write(of(row)), exact: (row) => numbers.count(of(row)) };
  };
  const of = (kind) => (row) => row.token_kinds[kind];
  const kinds = isShort ? [] : numbers.KINDS.filter(([kind]) => all.some((row) => row.token_kinds[kind] > 0))
    .map(([kind, title]) => column(title, of(kind), true));
  const columns = [
    { title: `${by[0].toUpperCase()}${by.slice(1)}`, cell: (row) => row.title ?? filterLink(by, row[by]), class: "of-name" },
    column("Requests", (row) => row.requests, true),
    ...kinds,
    column("Tokens", (row) => row.tokens),
    { title: "Share", number: true, cell: (row) => [!row.title && meter(row.tokens, summary.tokens), numbers.share(row.tokens, summary.tokens)] },
    { title: "Cost", number: true, cell: costCell, exact: (row) => row.cost_usd ?? "none of the requests has a price" },
  ];
  const foot = [{ ...summary, title: "Together" }];
  if (left?.groups.count > 0) foot.unshift({ ...left.groups, title: `${numbers.count(left.groups.count)} others` });
  const caption = left?.groups.count > 0 ? `By ${by}: the ${numbers.count(groups.length)} with the most tokens` : `By ${by}`;
  if (groups.length === 0) return h("p", { class: "quiet" }, "There is nothing in this period that passes the filters.");
  return table(caption, columns, groups, foot);
}

/** Makes a name that filters by itself. */
function filterLink(by, name) {
  const [label, value] = by.startsWith("tag:") ? ["tag", `${by.slice(4)}=${name}`] : [by, name];
  // Of what has been folded together nobody can ask by itself.
  if (name === "(other)") return named(name);
  return h("a", { href: filtered(label, value), "data-key": `${by} ${name}`, "aria-label": `Only ${by} ${shown(name)}` }, named(name));
}

/** Makes the cell of a cost, with how much of it is known. */
export function costCell(row) {
  const known = numbers.priced(row);
  return known ? [numbers.cost(row), h("small", { class: "line" }, known)] : numbers.cost(row);
}

function meter(part, whole) {
  const bar = h("span", { class: "share", "aria-hidden": "true" });
  bar.style.setProperty("--part", whole ? part / whole : 0);
  return bar;
}

/** Makes the buttons that save what is seen, all of it. */
export function downloads(path, asked, name, formats = ["csv", "json"]) {
  const file = async (format) => {
    const of = new URLSearchParams(asked);
    of.set("format", format);
    await save(path, of, `${name}.${format}`).then(() => say(`Saved as ${name}.${format}`), (error) => say(error.message));
  };
  return h("span", { class: "downloads" }, formats.map((format) =>
    h("button", { type: "button", onclick: () => file(format), "data-key": format }, format.toUpperCase())));
}
