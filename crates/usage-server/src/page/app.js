// The page: which view is shown, the period and the filters above it, and when it is drawn again.

import { LABELS, address, chosen, filtered, filters, go, of, period, question, unfiltered, view } from "./address.js";
import { ask, listen, setToken } from "./api.js";
import { breakdown } from "./breakdown.js";
import { h, named, say, shown } from "./dom.js";
import { budgets, prices, quality, status } from "./other.js";
import { overview } from "./overview.js";
import { sessions } from "./sessions.js";
import * as time from "./time.js";

const VIEWS = {
  overview: ["Overview", overview], breakdown: ["Breakdown", breakdown], sessions: ["Sessions", sessions], budgets: ["Budgets", budgets],
  prices: ["Prices", prices], quality: ["Data quality", quality], status: ["Status", status],
};
const PERIODS = ["today", "yesterday", "this-week", "last-week", "last-7-days", "this-month", "last-month", "last-30-days", "this-year", "all-time"];
/** The least time between two drawings that nobody asked for, and how many times as long as one takes. */
const [PAUSE, TIMES] = [2_000, 10];

const main = document.getElementById("view");
let drawing = null;
let drawn = { at: 0, took: 0 };
let timer = null;

/** Draws the view that the address names. */
async function draw(isAsked) {
  drawing?.abort();
  drawing = new AbortController();
  const { signal } = drawing;
  const [title, make] = of(VIEWS, view()) ?? VIEWS.overview;
  if (isAsked) {
    document.title = `${title} · usage`;
    controls();
    main.setAttribute("aria-busy", "true");
  }
  const start = performance.now();
  let nodes;
  try {
    nodes = await make(signal);
  } catch (error) {
    if (error.name === "AbortError") return;
    nodes = [error.status === 401 ? tokenForm() : failure(error)];
  }
  if (signal.aborted) return;
  drawn = { at: performance.now(), took: performance.now() - start };
  replace(nodes);
  main.removeAttribute("aria-busy");
  if (isAsked) say(`${title} is shown`);
  document.documentElement.dataset.drawn = String(Number(document.documentElement.dataset.drawn ?? 0) + 1);
}

/** Puts a view in place of the last one; the focus, and what was opened, stay where they were. */
function replace(nodes) {
  const keyOf = (element) => element?.closest("[data-key]")?.dataset.key;
  const find = (key) => key && main.querySelector(`[data-key="${CSS.escape(key)}"]`);
  const focused = main.contains(document.activeElement) && document.activeElement !== main ? keyOf(document.activeElement) : null;
  const opened = [...main.querySelectorAll("details[open]")].map(keyOf);
  main.replaceChildren(h("h1", { class: "out-of-sight" }, (of(VIEWS, view()) ?? VIEWS.overview)[0]), ...nodes);
  for (const key of opened) find(key)?.setAttribute("open", "");
  if (focused) (find(focused) ?? main).focus({ preventScroll: true });
}

/** Draws again when something has changed, but not all the time, nor where nobody looks. */
function drawSoon() {
  if (timer !== null || document.hidden) return;
  const wait = Math.max(PAUSE, drawn.took * TIMES) - (performance.now() - drawn.at);
  timer = setTimeout(() => {
    timer = null;
    // Whoever chooses with the mouse, or marks text, is not to lose it.
    if (document.querySelector(".chart:active") || !getSelection().isCollapsed) return drawSoon();
    draw(false);
  }, Math.max(wait, 0));
}

function failure(error) {
  return h("div", { class: "trouble", role: "alert" }, h("p", {}, shown(error.message)),
    h("p", {}, h("button", { type: "button", onclick: () => draw(true) }, "Try again"), " ", h("a", { href: "/" }, "Begin anew")));
}

function tokenForm() {
  const input = h("input", { type: "password", id: "token", required: true, autocomplete: "off", size: 32 });
  return h("form", { class: "token", onsubmit: (event) => {
    event.preventDefault();
    setToken(input.value.trim());
    hear();
    draw(true);
  } }, h("h2", {}, "A token is needed"), h("p", {}, "One that may read, of the file that the server was started with. It is kept until this tab is closed."),
  h("p", {}, h("label", { for: "token" }, "Token "), input, " ", h("button", {}, "Go on")));
}

/** The views, the period, the zone and the filters. */
function controls() {
  const now = of(VIEWS, view()) ? view() : "overview";
  const nav = document.getElementById("nav");
  const focused = document.activeElement?.closest("[data-key]")?.dataset.key;
  nav.replaceChildren(h("ul", {}, Object.entries(VIEWS).map(([name, [title]]) =>
    h("li", {}, h("a", { href: address({ view: name === "overview" ? null : name, top: null, sort: null }), "aria-current": name === now ? "page" : null, "data-key": `view ${name}` }, title)))));
  const bar = document.getElementById("controls");
  bar.hidden = ["budgets", "status"].includes(now);
  bar.replaceChildren(periods(), zones(), chips());
  if (focused) document.querySelector(`nav [data-key="${CSS.escape(focused)}"], #controls [data-key="${CSS.escape(focused)}"]`)?.focus();
}

function periods() {
  const now = period();
  const input = h("input", { id: "period", value: now, size: 18, maxlength: 100, spellcheck: "false", autocomplete: "off", "data-key": "period" });
  const to = (value) => go(address({ period: value, unit: null, top: null }));
  const step = (by, title, text) => h("button", { type: "button", "aria-label": title, "data-key": title, onclick: async () => {
    const shownNow = await periodNow();
    const next = shownNow && time.beside(shownNow, by);
    if (next) to(next);
  } }, text);
  return h("form", { class: "row", onsubmit: (event) => {
    event.preventDefault();
    to(input.value.trim());
  } },
  h("label", {}, "Period ", h("select", { "data-key": "periods", onchange: (event) => event.target.value && to(event.target.value) },
    PERIODS.includes(now) ? null : h("option", { value: "", selected: true }, "custom"), PERIODS.map((name) => h("option", { value: name, selected: name === now }, name)))),
  h("label", { class: "wide" }, "or ", input), h("button", { class: "wide" }, "Show"),
  step(-1, "Earlier", "‹"), step(1, "Later", "›"));
}

/** The period as the server understands it. */
async function periodNow() {
  return ask("/v1/report", question({ by: "instance", top: 1 })).then((report) => report.period).catch((error) => void say(error.message));
}

function zones() {
  const now = chosen().get("timezone") ?? "";
  const known = Intl.supportedValuesOf?.("timeZone") ?? [];
  const all = ["UTC", ...known.filter((zone) => zone !== "UTC")];
  if (now && !all.includes(now)) all.unshift(now);
  return h("label", {}, "Zone ", h("select", { "data-key": "zone", onchange: (event) => go(address({ timezone: event.target.value || null })) },
    h("option", { value: "" }, "of the server"), all.map((zone) => h("option", { value: zone, selected: zone === now }, zone))));
}

function chips() {
  const input = h("input", { id: "filter", size: 14, maxlength: 256, placeholder: "name", "aria-label": "Name to keep", "data-key": "filter" });
  const label = h("select", { "aria-label": "Keep only", "data-key": "label" }, ["model", ...LABELS.filter((name) => name !== "model"), "tag"].map((name) => h("option", {}, name)));
  return h("form", { class: "row", onsubmit: (event) => {
    event.preventDefault();
    if (input.value !== "") go(filtered(label.value, input.value));
  } },
  filters().map(([name, value]) => h("a", { class: "chip", href: unfiltered(name, value), "data-key": `chip ${name} ${value}`, "aria-label": `Take away the filter ${name} ${shown(value)}` }, `${name} `, named(value), h("span", { "aria-hidden": "true" }, " ×"))),
  h("span", { class: "add" }, label, " ", input, " ", h("button", {}, "Filter")));
}

let hears = false;
async function hear() {
  if (hears) return;
  hears = true;
  const live = document.getElementById("live");
  await listen(drawSoon, (state) => {
    const isBack = state === "live" && !["live", "connecting"].includes(live.textContent);
    live.textContent = state;
    live.dataset.state = state;
    if (isBack) drawSoon();
  });
  hears = false;
}

addEventListener("chosen", () => draw(true));
addEventListener("popstate", () => draw(true));
document.addEventListener("visibilitychange", () => document.hidden || drawSoon());
// Links within the page change the address alone.
addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || link.pathname !== "/" || link.hash) return;
  event.preventDefault();
  go(link.pathname + link.search);
  if (!main.contains(link)) return;
  scrollTo({ top: 0 });
});
document.getElementById("footer").append("The figures of one ledger, served by itself. ", h("a", { href: "/openapi.json", target: "_blank", rel: "noreferrer" }, "For programs"));
draw(true);
hear();
