// Requests to the service that this page came from.

export class Refused extends Error {
  // status: of HTTP; mistakes: what is wrong and where, as far as the service says.
  constructor(status, text, mistakes) {
    super(text);
    this.status = status;
    this.mistakes = mistakes;
  }
}

export const address = (name, what = "") =>
  `sources/${encodeURIComponent(name)}${what && "/"}${what}`;

export async function ask(path, { method = "GET", content } = {}) {
  const request = { method, cache: "no-store", signal: AbortSignal.timeout(20000) };
  if (content !== undefined) {
    request.body = JSON.stringify(content);
    request.headers = { "Content-Type": "application/json" };
  }
  const answer = await fetch(path, request);
  if (!answer.ok) throw await refusal(answer);
  return answer.status === 204 ? null : answer.json();
}

async function refusal(answer) {
  const text = await answer.text();
  let mistakes = [{ place: "", message: text.trim() || answer.statusText }];
  if (answer.headers.get("content-type") === "application/json") {
    mistakes = JSON.parse(text).mistakes;
  }
  const lines = mistakes.map(({ place, message }) => (place ? `${place}: ${message}` : message));
  return new Refused(answer.status, lines.join("\n"), mistakes);
}
