// Times, as the server says them: RFC 3339 with the offset of the zone, so that their text is what local clocks show.

const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const DAY = 86_400_000;

const date = (at) => at.slice(0, 10);
const clock = (at) => at.slice(11, 16);
const offset = (at) => at.replace(/^.*T[\d:.]+/, "");
/** The local date as an instant of UTC, for reckoning with days. */
const days = (at) => Date.parse(`${date(at)}T00:00:00Z`);
const dateOf = (millis) => new Date(millis).toISOString().slice(0, 10);

/** Writes a local date: Sun 29 Nov 2026. */
export function day(at) {
  const of = new Date(days(at));
  return `${DAYS[of.getUTCDay()]} ${of.getUTCDate()} ${MONTHS[of.getUTCMonth()]} ${of.getUTCFullYear()}`;
}

/** Writes an instant: 2026-11-29 07:00. */
export const instant = (at) => `${date(at)} ${clock(at)}`;

/** Writes a unit of time in full. */
export function unit(at, of) {
  switch (of) {
    case "month": return `${MONTHS[Number(at.slice(5, 7)) - 1]} ${at.slice(0, 4)}`;
    case "week": return `week of ${day(at)}`;
    case "day": return day(at);
    default: return `${day(at)}, ${clock(at)} ${offset(at)}`;
  }
}

/** Writes a unit of time below an axis; `before` is the one to its left. */
export function tick(at, of, before) {
  const short = `${Number(at.slice(8, 10))} ${MONTHS[Number(at.slice(5, 7)) - 1]}`;
  const isNewYear = !before || before.slice(0, 4) !== at.slice(0, 4);
  const year = isNewYear ? `\n${at.slice(0, 4)}` : "";
  if (of === "month") return MONTHS[Number(at.slice(5, 7)) - 1] + year;
  if (of === "week" || of === "day") return short + year;
  return clock(at) + (!before || date(before) !== date(at) ? `\n${short}` : "");
}

/** Writes from when to when, the end excluded. */
export function range({ start, end, timezone }) {
  if (!start) return `all time, ${timezone}`;
  if (clock(start) === "00:00" && clock(end) === "00:00") {
    const last = `${dateOf(days(end) - DAY)}T00:00`;
    return days(last) <= days(start) ? day(start) : `${day(start)} to ${day(last)}`;
  }
  const isOneDay = date(start) === date(end);
  return `${day(start)} ${clock(start)} to ${isOneDay ? clock(end) : `${day(end)} ${clock(end)}`}`;
}

/** Writes how long it took. */
export function length(millis) {
  const seconds = Math.round(millis / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / 1440)} days`;
}

/** Names the period as long as this one before it (-1) or after it (1); nothing where it has no bounds. */
export function beside({ start, end }, step) {
  if (!start) return null;
  const isWhole = clock(start) === "00:00" && clock(end) === "00:00";
  if (!isWhole) {
    const [from, to] = [Date.parse(start), Date.parse(end)];
    return between(from + step * (to - from), to + step * (to - from));
  }
  const [from, to] = [days(start), days(end)];
  const month = (at) => Number(at.slice(0, 4)) * 12 + Number(at.slice(5, 7)) - 1;
  if (start.slice(8, 10) === "01" && end.slice(8, 10) === "01") {
    const length = month(end) - month(start);
    const first = month(start) + step * length;
    const of = (number) => `${Math.floor(number / 12)}-${String((number % 12) + 1).padStart(2, "0")}`;
    if (length === 1) return of(first);
    return `${of(first)}-01..${dateOf(Date.parse(`${of(first + length)}-01T00:00:00Z`) - DAY)}`;
  }
  const [first, last] = [from + step * (to - from), to + step * (to - from) - DAY];
  return first === last ? dateOf(first) : `${dateOf(first)}..${dateOf(last)}`;
}

/** Names the period three times as long around this one. */
export function around({ start, end }) {
  if (!start) return null;
  const [from, to] = [Date.parse(start), Date.parse(end)];
  const quarter = 15 * 60_000;
  const floor = Math.floor((from - (to - from)) / quarter) * quarter;
  return between(floor, Math.min(Math.ceil((to + (to - from)) / quarter) * quarter, Date.now() + DAY));
}

/** Names the period between two instants that the server has said: by its days, if it is made of days. */
export function named(start, end) {
  if (clock(start) !== "00:00" || clock(end) !== "00:00") return between(Date.parse(start), Date.parse(end));
  const last = dateOf(days(end) - DAY);
  return date(start) === last ? last : `${date(start)}..${last}`;
}

/** Names a period between two instants. */
export function between(from, to) {
  const text = (millis) => new Date(millis).toISOString().replace(".000Z", "Z");
  return `${text(from)}..${text(to)}`;
}
