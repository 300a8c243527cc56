// The list of sources: a tile each with a still picture, so that any number of them can share the
// browser's few connections. On the wall the pictures fill the screen.

import { address } from "./ask.js";
import { duration, element, keyed, setText } from "./elements.js";

// Without a result for so long, a running source's tile says so.
const LATE_S = 3;
const tiles = new Map();

function makeTile(name) {
  const image = element("img", { alt: "" });
  const state = element("span", { className: "state" });
  const error = element("p", { className: "error" });
  const numbers = element("p", { className: "numbers" });
  const link = element(
    "a",
    { className: "picture", href: `#${name}`, "aria-label": `${name}: open` },
    image,
  );
  const title = element("div", { className: "title" }, element("h2", { text: name }), state);
  const facts = element("div", { className: "facts" }, title, error, numbers);
  const tile = { image, state, error, numbers, busy: false };
  const done = () => { tile.busy = false; };
  image.addEventListener("load", done);
  image.addEventListener("error", done);
  tiles.set(name, tile);
  return element("article", {}, link, facts);
}

export function showState(node, source) {
  const late = source.state === "running" && source.age_s > LATE_S;
  setText(node, late ? `no result for ${duration(source.age_s)}` : source.state);
  node.className = `state ${late ? "late" : source.state}`;
}

export const numbersOf = (source) =>
  `${source.fps.toFixed(1)} frames/s · ${source.frames} frames · ${source.dropped} dropped`;

export function showTiles(section, sources) {
  keyed(section, sources.map((each) => each.name), makeTile);
  section.style.setProperty("--columns", String(Math.ceil(Math.sqrt(sources.length)) || 1));
  for (const source of sources) {
    const tile = tiles.get(source.name);
    showState(tile.state, source);
    setText(tile.error, source.error || "");
    tile.error.hidden = !source.error;
    setText(tile.numbers, numbersOf(source));
    showPicture(tile, source);
  }
}

function showPicture(tile, source) {
  // One at a time: a slow connection gets fewer pictures, not a queue of them.
  if (source.picture === null || source.picture === tile.picture || tile.busy) return;
  tile.picture = source.picture;
  tile.busy = true;
  tile.image.src = `${address(source.name, "picture.jpg")}?${source.picture}`;
}
