"use strict";
// Tiles show a still picture a second, which any number of sources can share the browser's few
// connections for; the one that is opened shows its live picture.

const REFRESH_MS = 1000;
const tiles = new Map();

function element(tag, className, parent) {
  const made = document.createElement(tag);
  made.className = className;
  parent.append(made);
  return made;
}

function makeTile(name) {
  const tile = { article: element("article", "", document.getElementById("sources")), open: false };
  tile.button = element("button", "picture", tile.article);
  tile.button.setAttribute("aria-label", `${name}: live picture`);
  tile.image = element("img", "", tile.button);
  tile.image.alt = "";
  const facts = element("div", "facts", tile.article);
  const title = element("div", "title", facts);
  element("h2", "", title).textContent = name;
  tile.state = element("span", "state", title);
  tile.error = element("p", "error", facts);
  tile.numbers = element("p", "numbers dim", facts);
  tile.values = element("div", "values", facts);
  tile.button.addEventListener("click", () => {
    for (const [other, each] of tiles) setOpen(other, each, each === tile && !tile.open);
  });
  return tile;
}

const address = (name, what) => `sources/${encodeURIComponent(name)}/${what}`;

function setOpen(name, tile, open) {
  if (tile.open === open) return;
  tile.open = open;
  tile.image.src = address(name, open ? "live.mjpg" : `picture.jpg?${Date.now()}`);
}

const unit = (name) => (name === "degree" ? "°" : name || "");

function written(value) {
  return typeof value === "number" ? value.toFixed(Math.abs(value) < 10 ? 2 : 1) : "…";
}

function showValues(tile, records) {
  tile.values.replaceChildren();
  for (const task of new Set(records.map((each) => each.task))) {
    const rows = records.filter((each) => each.task === task);
    const names = Object.keys(rows[0].values).filter((key) => typeof rows[0].values[key] === "number");
    if (names.length === 0) continue;
    const table = element("table", "", tile.values);
    const head = element("tr", "", table);
    for (const text of [task, ...names.map((key) => `${key} ${unit(rows[0].units[key])}`)]) {
      element("th", "", head).textContent = text;
    }
    for (const row of rows.slice(0, 12)) {
      const line = element("tr", "", table);
      const values = row.smoothed || row.values;
      element("td", "", line).textContent = row.track === null ? row.state || "" : `#${row.track}`;
      for (const key of names) element("td", "", line).textContent = written(values[key]);
    }
  }
}

function show(source) {
  if (!tiles.has(source.name)) tiles.set(source.name, makeTile(source.name));
  const tile = tiles.get(source.name);
  tile.article.className = source.state + (tile.open ? " open" : "");
  tile.state.textContent = source.state;
  tile.error.textContent = source.error || "";
  tile.error.hidden = !source.error;
  tile.numbers.textContent =
    `${source.fps.toFixed(1)} frames/s, ${source.frames} frames, ${source.dropped} dropped`;
  showValues(tile, source.records);
  tile.image.hidden = source.frames === 0;
  if (source.frames > 0 && tile.seen !== source.frames && !tile.open) {
    tile.image.src = address(source.name, `picture.jpg?${source.frames}`);
  }
  tile.seen = source.frames;
}

async function refresh() {
  const summary = document.getElementById("summary");
  try {
    const answer = await fetch("sources", { cache: "no-store" });
    if (!answer.ok) throw new Error(answer.statusText);
    const sources = await answer.json();
    sources.forEach(show);
    const running = sources.filter((each) => each.state === "running").length;
    summary.textContent = `${running} of ${sources.length} running`;
  } catch (error) {
    summary.textContent = `no answer (${error.message}); trying again`;
  }
  setTimeout(refresh, REFRESH_MS);
}

refresh();
