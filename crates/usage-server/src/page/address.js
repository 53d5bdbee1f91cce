// The address holds all that was chosen, by the names of the API's queries, so that a link shows the same to others.

export const LABELS = ["instance", "profile", "provider", "route", "model", "tier", "project", "user"];

/** What was chosen. */
export const chosen = () => new URLSearchParams(location.search);

/** Returns what a table has of a name; of names that every object has, such as `constructor`, nothing. */
export const of = (table, name) => (name != null && Object.hasOwn(table, name) ? table[name] : undefined);

export const view = () => chosen().get("view") ?? "overview";
export const period = () => chosen().get("period") ?? "last-30-days";

/** Returns the filters, as pairs of a name and a value. */
export function filters() {
  return [...chosen()].filter(([name]) => LABELS.includes(name) || name === "tag");
}

/** Returns the address with something changed; `null` takes it away. */
export function address(changes) {
  const next = chosen();
  for (const [name, value] of Object.entries(changes)) {
    if (value == null) next.delete(name);
    else next.set(name, value);
  }
  return written(next);
}

/** Returns the address with one filter more. */
export function filtered(name, value) {
  const next = chosen();
  if (!next.has(name, value)) next.append(name, value);
  next.delete("top");
  return written(next);
}

/** Returns the address with one filter less. */
export function unfiltered(name, value) {
  const next = chosen();
  next.delete(name, value);
  return written(next);
}

function written(next) {
  const text = next.toString();
  return text === "" ? "/" : `/?${text}`;
}

/** Goes to an address within the page. */
export function go(to, how = "pushState") {
  history[how](null, "", to);
  dispatchEvent(new Event("chosen"));
}

/** Returns a question about what was chosen: the period, the zone and the filters, and what is asked besides. */
export function question(more = {}, withPeriod = true) {
  const asked = new URLSearchParams();
  if (withPeriod) asked.set("period", period());
  for (const name of ["timezone", "week_start"]) {
    const value = chosen().get(name);
    if (value) asked.set(name, value);
  }
  for (const [name, value] of filters()) asked.append(name, value);
  for (const [name, value] of Object.entries(more)) if (value != null) asked.set(name, value);
  return asked;
}
