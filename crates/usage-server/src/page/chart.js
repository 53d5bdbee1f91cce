// The chart over time: stacked bars that are zoomed by dragging, and by keys; and its figures as a table.

import { h, table } from "./dom.js";

const COLOURS = 9;

/** Returns the colour of a series, as the style of the page has it. */
function colour(at) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--c${at % COLOURS}`).trim();
}

const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * Makes a chart: `bars` have `name`, `tick`, and `values` with a number for each of `series`, the names of what is
 * stacked from below; `write` writes a number. `zoom` is called with the first and the last bar that were chosen.
 */
export function chart({ title, bars, series, write, exact, zoom, zoomOut }) {
  const place = h("div", { class: "plot" });
  const readout = h("p", { class: "readout", "aria-hidden": "true" });
  const sum = (bar) => bar.values.reduce((sum, value) => sum + value, 0);
  const spoken = (at) => `${bars[at].name}: ${exact(sum(bars[at]))}`;
  let at = Math.max(bars.findLastIndex((bar) => sum(bar) > 0), 0);
  const box = h("div", {
    class: "chart", tabindex: 0, role: "slider", "aria-label": `${title}. Arrow keys go from bar to bar, Enter zooms into one, minus zooms out`,
    "aria-valuemin": 0, "aria-valuemax": bars.length - 1, "aria-valuenow": at, "aria-valuetext": spoken(at), "data-key": "chart",
    onkeydown: (event) => key(event),
    onfocus: () => show(at, true),
  }, place, readout);
  const legend = series.length < 2 ? null : h("ul", { class: "legend" }, series.map((name, of) =>
    h("li", {}, h("span", { class: `swatch c${of % COLOURS}`, "aria-hidden": "true" }), h("bdi", {}, name))));
  const figures = h("details", { "data-key": "figures", ontoggle: () => fill() }, h("summary", {}, "Figures of this chart"));
  let plot = null;

  function key(event) {
    const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity };
    if (event.key in moves) show(Math.min(Math.max(at + moves[event.key], 0), bars.length - 1), true);
    else if (event.key === "Enter" || event.key === "+") zoom?.(at, at);
    else if (event.key === "-" || event.key === "Escape") zoomOut?.();
    else return;
    event.preventDefault();
  }

  function show(which, moves) {
    if (which == null || !bars[which]) return;
    at = which;
    box.setAttribute("aria-valuenow", at);
    box.setAttribute("aria-valuetext", spoken(at));
    const parts = series.map((name, of) => [name, bars[at].values[of]]).filter(([, value]) => value > 0);
    readout.replaceChildren(h("strong", {}, bars[at].name), ` ${write(sum(bars[at]))}`,
      parts.length > 1 ? h("span", {}, parts.map(([name, value]) => [" · ", h("bdi", {}, name), ` ${write(value)}`])) : "");
    if (moves && plot) plot.setCursor({ left: plot.valToPos(at, "x"), top: plot.over.clientHeight / 2 }, false);
  }

  function fill() {
    if (!figures.open || figures.children.length > 1) return;
    const columns = [{ title: "Time", cell: (bar) => bar.name }];
    if (series.length > 1) {
      series.forEach((name, of) => columns.push({ title: h("bdi", {}, name), number: true, cell: (bar) => exact(bar.values[of]) }));
    }
    columns.push({ title: series.length > 1 ? "Together" : series[0], number: true, cell: (bar) => exact(sum(bar)) });
    figures.append(table(title, columns, bars));
  }

  function draw() {
    plot?.destroy();
    const width = Math.max(box.clientWidth, 200);
    const stacked = series.map((_, of) => bars.map((bar) => bar.values.slice(0, of + 1).reduce((sum, value) => sum + value, 0)));
    const axis = { stroke: ink("--quiet"), grid: { stroke: ink("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui, sans-serif" };
    const step = Math.max(1, Math.ceil(bars.length / Math.max(2, Math.floor(width / 70))));
    // Bars are drawn from the sums down, so that each hides but its own part of the one behind it.
    const drawn = series.map((name, of) => ({ label: name, fill: colour(of), width: 0, points: { show: false },
      paths: uPlot.paths.bars({ size: [0.86, 72] }) })).reverse();
    plot = new uPlot({
      width, height: width < 480 ? 200 : 260, legend: { show: false }, padding: [12, 8, 0, 0],
      scales: { x: { time: false, range: [-0.5, bars.length - 0.5] }, y: { range: (_, least, most) => [0, most > 0 ? most * 1.05 : 1] } },
      axes: [
        { ...axis, grid: { show: false }, size: 42, splits: () => bars.map((_, of) => of).filter((of) => of % step === 0),
          values: (_, splits) => splits.map((of, which) => bars[of].tick(bars[splits[which - 1]])) },
        { ...axis, size: 68, values: (_, splits) => splits.map((value) => write(value)) },
      ],
      cursor: { y: false, points: { show: false }, drag: { x: Boolean(zoom), y: false, setScale: false } },
      hooks: {
        setCursor: [(of) => show(of.cursor.idx, false)],
        setSelect: [(of) => {
          if (of.select.width < 6) return;
          const within = (pixel) => Math.min(Math.max(Math.round(of.posToVal(pixel, "x")), 0), bars.length - 1);
          zoom?.(within(of.select.left), within(of.select.left + of.select.width));
        }],
      },
      series: [{}, ...drawn],
    }, [bars.map((_, of) => of), ...stacked.reverse()], place);
    plot.over.addEventListener("dblclick", () => zoom?.(at, at));
  }

  const resized = new ResizeObserver(() => {
    if (!box.isConnected) return stop();
    if (!plot || Math.abs(plot.width - box.clientWidth) > 2) draw();
  });
  const schemes = matchMedia("(prefers-color-scheme: dark)");
  const paper = matchMedia("print");
  const again = () => (box.isConnected ? draw() : stop());
  const stop = () => {
    resized.disconnect();
    schemes.removeEventListener("change", again);
    paper.removeEventListener("change", again);
    plot?.destroy();
  };
  resized.observe(box);
  schemes.addEventListener("change", again);
  paper.addEventListener("change", again);
  show(at, false);
  return h("div", {}, legend, box, figures);
}

