// The server: questions, files, and the word that something has changed.

const TOKEN = "usage token";

/** Says why there is no answer. */
export class Refused extends Error {
  constructor(status, why) {
    super(why);
    this.status = status;
  }
}

/** Keeps a token until the tab is closed. */
export const setToken = (token) => sessionStorage.setItem(TOKEN, token);

async function get(path, asked, signal) {
  const token = sessionStorage.getItem(TOKEN);
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const query = asked?.toString();
  let answer;
  try {
    answer = await fetch(query ? `${path}?${query}` : path, { headers, signal, cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server does not answer.");
  }
  if (answer.ok) return answer;
  const why = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, why.error ?? `The server says ${answer.status}.`);
}

/** Asks for JSON. */
export async function ask(path, asked, signal) {
  return (await get(path, asked, signal)).json();
}

/** Saves an answer as a file. */
export async function save(path, asked, name) {
  const address = URL.createObjectURL(await (await get(path, asked)).blob());
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/**
 * Listens for changes as long as the page is open, and tells whether it does. Not by `EventSource`, which sends no
 * token.
 */
export async function listen(changed, told) {
  let seen = null;
  for (let wait = 1; ; wait = Math.min(wait * 2, 30)) {
    try {
      const reader = (await get("/v1/events")).body.pipeThrough(new TextDecoderStream()).getReader();
      told("live");
      for (let rest = ""; ;) {
        const { done, value } = await reader.read();
        if (done) break;
        wait = 1;
        const lines = (rest + value).split("\n");
        rest = lines.pop();
        const ids = lines.filter((line) => line.startsWith("id: "));
        if (ids.length === 0) continue;
        // The first one only says where things stand.
        if (seen !== null && ids.at(-1) !== seen) changed();
        seen = ids.at(-1);
      }
      told("connection lost");
    } catch (error) {
      told(error.status === 401 ? "needs a token" : "not connected");
      if (error.status === 401 || error.status === 403) return;
    }
    await new Promise((done) => setTimeout(done, wait * 1000));
  }
}
