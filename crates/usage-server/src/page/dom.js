// Builds elements. A text becomes a text node, whatever it holds: nothing is read as HTML.

/** Makes an element: attributes, then children; a function is a listener, `true` an attribute without a value. */
export function h(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** Makes an element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat(3).filter((child) => child != null && child !== false));
  return element;
}

// What an eye cannot see, or what turns the order of letters around, is written out.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

/** Returns a name as it is shown: with nothing hidden in it. */
export function shown(name) {
  if (name === "") return "(none)";
  return String(name).replace(HIDDEN, (it) => `\\u{${it.codePointAt(0).toString(16)}}`);
}

/** Makes a name that stands by itself, in whatever direction it is written. */
export function named(name) {
  return h("bdi", { class: "name", title: shown(name) }, shown(name));
}

/**
 * Makes a table. A column has `title`, and `cell`, which makes the content of a cell from a row; `number` columns stand
 * to the right, `wide` ones are left out on narrow screens. The first column names its row.
 */
export function table(caption, columns, rows, foot = []) {
  const cell = (row) => (column, at) => {
    const attributes = { class: kind(column), title: column.exact?.(row) };
    const content = column.cell(row);
    return at === 0 ? h("th", { scope: "row", ...attributes }, content) : h("td", attributes, content);
  };
  const line = (row) => h("tr", {}, columns.map(cell(row)));
  const head = columns.map((column) =>
    h("th", { scope: "col", class: kind(column), title: column.about }, column.title));
  return h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption },
    h("table", {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, head)),
      h("tbody", {}, rows.map(line)),
      foot.length > 0 && h("tfoot", {}, foot.map(line))));
}

function kind(column) {
  return [column.number && "number", column.wide && "wide", column.class].filter(Boolean).join(" ") || null;
}

/** Makes a part of the page with a heading. */
export function part(title, ...children) {
  return h("section", {}, h("h2", {}, title), children);
}

/** Says something to who does not see the page. */
export function say(text) {
  document.getElementById("said").textContent = text;
}
