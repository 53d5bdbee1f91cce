// The views of tables alone: budgets, prices, how good the data is, and how the server does.

import { address, filtered, question } from "./address.js";
import { ask } from "./api.js";
import { costCell, downloads } from "./breakdown.js";
import { h, named, part, shown, table } from "./dom.js";
import * as numbers from "./numbers.js";
import { sure } from "./overview.js";
import * as time from "./time.js";

const TOP = 100;

/** Budgets: whatever fields the server gives each, in its order. */
export async function budgets(signal) {
  const { budgets: all } = await ask("/v1/budgets", null, signal);
  if (all == null) {
    return [part("Budgets", h("p", { class: "empty" }, "This server keeps no budgets."),
      h("p", { class: "quiet" }, "It can tell what was used, and not yet what was meant to be. The overview holds each period against the one before."))];
  }
  if (all.length === 0) return [part("Budgets", h("p", { class: "empty" }, "No budget has been set."))];
  const fields = [...new Set(all.flatMap((budget) => Object.keys(budget)))];
  const text = (value) => (value == null ? "–" : typeof value === "object" ? JSON.stringify(value) : typeof value === "number" ? numbers.count(value) : value);
  return [part("Budgets", table("Budgets", fields.map((field) => ({
    title: field.replaceAll("_", " "), number: all.every((of) => typeof of[field] === "number"), cell: (of) => shown(text(of[field])),
  })), all))];
}

export async function prices(signal) {
  const asked = question({ top: TOP });
  const found = await ask("/v1/prices", asked, signal);
  const price = (kind) => (of) => {
    const prices = of.quote?.prices ?? [];
    const known = prices.filter(({ usd }) => usd[kind] != null);
    return known.length === 0 ? "–" : known.map(({ above, usd }) => h("span", { class: "line" }, numbers.unitPrice(usd[kind]), above > 0 && h("small", {}, ` > ${above % 1000 === 0 ? `${numbers.count(above / 1000)}K` : numbers.count(above)}`)));
  };
  const models = found.models.length === 0 ? h("p", { class: "empty" }, "No model was used in this period.")
    : table(`Dollars a million tokens, in the standard tier, now; > 200K: of requests with more input${found.left_out > 0 ? `; the ${TOP} models with the most tokens` : ""}`, [
      { title: "Model", class: "of-name", cell: (of) => h("a", { href: filtered("model", of.model), "data-key": `${of.provider} ${of.model}` }, named(of.model)) },
      { title: "Provider", wide: true, cell: (of) => named(of.provider) },
      ...[["input", "Input"], ["output", "Output"], ["cache_read", "Cache read"], ["cache_write", "Cache write"]].map(([kind, title]) =>
        ({ title, number: true, wide: kind.startsWith("cache"), cell: price(kind) })),
      { title: "By", wide: true, class: "of-rule", cell: (of) => (of.quote?.unknown ? `${of.quote.unknown}${of.quote.candidates.length ? `; like ${of.quote.candidates.map(shown).join(", ")}?` : ""}` : shown(of.quote?.rule ?? "no book can be read")) },
      { title: "Cost, period", number: true, wide: true, cell: costCell, exact: (of) => of.cost_usd },
    ], found.models);
  return [
    part("Books in force", found.books.length === 0
      ? h("p", { class: "empty" }, "No book of prices is in this ledger yet. The first command that records puts one in.")
      : table("Books of prices, the highest first", [
        { title: "Book", cell: (of) => named(of.name) },
        { title: "Version", wide: true, cell: (of) => shown(of.version.split(" sha256:")[0]) },
        { title: "Of", cell: (of) => of.date || "–" },
        { title: "Put in", wide: true, cell: (of) => `${of.put_at.slice(0, 16).replace("T", " ")} UTC by ${shown(of.put_by)}` },
        { title: "State", cell: (of) => (of.whole ? "in force" : "damaged: nothing is priced until it is put in again") },
      ], found.books)),
    h("section", {}, h("div", { class: "row" }, h("h2", {}, `Models of ${time.range(found.period)}`), downloads("/v1/prices", asked, "usage-prices", ["json"])), models,
      h("p", { class: "quiet" }, "What is stored keeps the price it had. ", h("code", {}, "usage prices MODEL"), " shows other tiers and days.")),
  ];
}

export async function quality(signal) {
  const asked = question({ by: "provider,model", top: TOP });
  const [report, status] = await Promise.all([ask("/v1/report", asked, signal), ask("/v1/status", null, signal).catch(() => null)]);
  const unsure = report.groups.filter((of) => numbers.doubts(of).length > 0);
  const share = (title, of, wide) => ({ title, number: true, wide, cell: (row) => (of(row) > 0 ? numbers.share(of(row), row.requests) : "–"), exact: (row) => `${numbers.count(of(row))} of ${numbers.count(row.requests)} requests` });
  const left = report.left_out?.groups;
  return [
    h("section", {}, h("div", { class: "row" }, h("h2", {}, time.range(report.period)), downloads("/v1/report", question({ by: "provider,model" }), "usage-quality")),
      report.summary.requests === 0 ? h("p", { class: "empty" }, "There is nothing in this period.") : sure(report.summary),
      unsure.length > 0 && table("Share of requests whose figures are not sure, by model", [
        { title: "Model", class: "of-name", cell: (of) => of.title ?? h("a", { href: filtered("model", of.model), "data-key": `${of.provider} ${of.model}` }, named(of.model)) },
        { title: "Provider", wide: true, cell: (of) => (of.title ? "" : named(of.provider)) },
        { title: "Requests", number: true, cell: (of) => numbers.count(of.requests) },
        share("No price", (of) => of.requests - of.priced_requests),
        share("Partial", (of) => of.partial),
        share("Estimated", (of) => of.estimated, true),
        share("Do not add up", (of) => of.inconsistent, true),
        share("Elsewhere too", (of) => of.elsewhere, true),
        share("Failed", (of) => of.errors, true),
        share("Cancelled", (of) => of.cancelled, true),
      ], unsure, [...(left?.count > 0 ? [{ ...left, title: `${numbers.count(left.count)} others` }] : []), { ...report.summary, title: "Together" }]),
      h("p", { class: "quiet" }, "Partial counts are a placeholder or cut; estimated ones are guessed. Models without a price are listed by ", h("code", {}, "usage prices --missing"), ". ",
        h("a", { href: address({ view: "prices" }), "data-key": "prices" }, "Prices in force"))),
    part("Names that nobody knew, since the server started", unknown(status)),
  ];
}

function unknown(status) {
  if (!status) return h("p", { class: "quiet" }, "Your token does not show what came in.");
  const entries = Object.entries(status.received.unknown_names.by_name);
  if (entries.length === 0) return h("p", { class: "quiet" }, "None: all that came in was understood.");
  const others = status.received.unknown_names.others;
  return table("Fields and events that were passed over", [
    { title: "Name", class: "of-name", cell: ([name]) => named(name) },
    { title: "Times", number: true, cell: ([, times]) => numbers.count(times) },
  ], entries, others > 0 ? [["others", others]] : []);
}

export async function status(signal) {
  const now = await ask("/v1/status", null, signal);
  const { tracker, received } = now;
  const waits = [
    ["In the journals of running programs, about to be stored", now.backlog_of_running],
    ["In the journals of programs that were stopped: stored by the next command that writes", now.backlog_of_stopped],
    ["Given to this server and not stored yet", tracker.pending],
  ];
  const became = ["submitted", "stored", "amended", "duplicates", "refused", "quarantined", "dropped", "pending"];
  const trouble = [tracker.sink_error && `The ledger cannot be written: ${tracker.sink_error}.`, tracker.degraded && "The journal cannot be written: what comes in is safe only when it is stored.", tracker.warning].filter(Boolean);
  return [
    part("What waits", trouble.map((text) => h("p", { class: "trouble", role: "alert" }, shown(text))),
      trouble.length === 0 && h("p", {}, "Records are taken and stored."),
      table("Records that no figure has yet", [{ title: "Where", cell: ([name]) => name }, { title: "Records", number: true, cell: ([, of]) => numbers.count(of) }], waits)),
    part("What became of what came in, since the server started",
      table("Records", [{ title: "What", cell: (name) => name }, { title: "Records", number: true, cell: (name) => numbers.count(tracker[name]) }], became),
      received.sources.length === 0 ? h("p", { class: "quiet" }, "Nobody has sent anything yet.") : table("By source", [
        { title: "Source", class: "of-name", cell: (of) => named(of.instance) },
        { title: "Records", number: true, cell: (of) => numbers.count(of.records) },
        { title: "Rejected", number: true, cell: (of) => numbers.count(of.rejected) },
        { title: "Totals, not added", number: true, wide: true, cell: (of) => numbers.count(of.totals) },
        { title: "About something else", number: true, wide: true, cell: (of) => numbers.count(of.other) },
      ], received.sources)),
    part("The ledger", h("dl", { class: "figures" },
      [["Newest record", now.newest ? `${now.newest.slice(0, 16).replace("T", " ")} UTC` : "none"], ["Takes records from", now.accepts_from ? `${now.accepts_from.slice(0, 16).replace("T", " ")} UTC` : "any time"], ["Version", now.version], ["Process", String(now.process)]]
        .map(([title, value]) => h("div", {}, h("dt", {}, title), h("dd", {}, value)))),
      downloads("/v1/status", new URLSearchParams(), "usage-status", ["json"])),
    now.ledger && part("As the command says", h("pre", { tabindex: 0 }, JSON.stringify(now.ledger, null, 2))),
  ].filter(Boolean);
}
