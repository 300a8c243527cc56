// The whole page: what is shown, by the address behind '#', and how often it is looked at anew.

import { ask } from "./ask.js";
import { Detail } from "./detail.js";
import { addSource } from "./dialogs.js";
import { element, setText } from "./elements.js";
import { showTiles } from "./tiles.js";

const REFRESH_MS = 1000;
const WALL_MS = 300;
// With many sources a look is many pictures.
const SOURCE_MS = 20;
// Sensors and the configuration's mistakes, once in so many looks.
const SERVICE_EVERY = 3;

const part = (id) => document.getElementById(id);
let service = { may_change: false, tasks: {}, board: [], mistake: null, slower: 1 };
let detail = null;
let timer = 0;
let looks = 0;
let looking = false;
let interval = REFRESH_MS;

// 'tiles', 'wall', or the name of a source.
const view = () => decodeURIComponent(location.hash.slice(1)) || "tiles";

function showService() {
  part("add").hidden = !service.may_change;
  part("mistake").hidden = !service.mistake;
  setText(part("mistake"), service.mistake ?? "");
  const hottest = service.board.filter((each) => each.kind === "temperature")
    .sort((a, b) => b.value - a.value).slice(0, 2);
  const powers = service.board.filter((each) => each.kind === "power").slice(0, 3);
  part("board").replaceChildren(...[...hottest, ...powers].map(({ name, kind, value }) =>
    element("span", { text: `${name} ${value.toFixed(1)} ${kind === "power" ? "W" : "°C"}` })));
}

async function showSources() {
  const sources = await ask("sources");
  const now = view();
  const running = sources.filter((each) => each.state === "running").length;
  setText(part("summary"), `${running} of ${sources.length} running`);
  const open = sources.find((each) => each.name === now);
  const wall = now === "wall" && !open;
  document.body.classList.toggle("wall", wall);
  interval = Math.max(wall ? WALL_MS : REFRESH_MS, SOURCE_MS * sources.length);
  document.title = open ? `${open.name} · edgereg` : "edgereg";
  part("tiles").hidden = Boolean(open);
  part("detail").hidden = !open;
  if (detail && detail.name !== open?.name) {
    detail.close();
    detail = null;
  }
  if (!open) {
    showTiles(part("tiles"), sources);
    return;
  }
  detail ??= new Detail(part("detail"), open.name, service, look);
  detail.service = service;
  await detail.update(open);
}

async function look() {
  clearTimeout(timer);
  if (looking || document.hidden) return;
  looking = true;
  try {
    if (looks % SERVICE_EVERY === 0) {
      service = await ask("service");
      showService();
    }
    looks += 1;
    await showSources();
    document.body.classList.remove("lost");
  } catch (error) {
    looks = 0;
    const why = error.status === 401 ? "a token is needed: open /?token=TOKEN once"
      : `no answer (${error.message}); trying again`;
    setText(part("summary"), why);
    document.body.classList.add("lost");
  }
  looking = false;
  timer = setTimeout(look, service.slower * interval);
}

part("add").addEventListener("click", () => {
  addSource(service.tasks, (name) => { location.hash = name; });
});
window.addEventListener("hashchange", look);
document.addEventListener("visibilitychange", () => {
  detail?.live(!document.hidden);
  look();
});
look();
