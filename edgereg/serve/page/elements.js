// Making and changing parts of the page.

export function element(tag, { text, className, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else if (value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Keeps the children that are there already, so that focus and scrolling stay.
export function keyed(parent, keys, make) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const wanted = keys.map((key) => {
    const child = known.get(key) || make(key);
    child.dataset.key = key;
    return child;
  });
  const same = wanted.length === parent.children.length &&
    wanted.every((child, place) => parent.children[place] === child);
  if (!same) parent.replaceChildren(...wanted);
  return wanted;
}

export const trackColour = (track) => `var(--track-${Math.max(track ?? 0, 0) % 7})`;
export const trackName = (track) => (track === null ? "all" : `#${track}`);
const UNITS = { degree: "°", deg: "°", degrees: "°" };
export const unitOf = (name) => UNITS[name] ?? (name ? ` ${name}` : "");

export const named = (name, unit) => (unit ? `${name} (${unitOf(unit).trim()})` : name);

export function written(value) {
  if (typeof value !== "number") return "…";
  return value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}

export function duration(seconds) {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
