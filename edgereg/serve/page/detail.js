// One source: its live picture, curves, densities, values and times.

import { address, ask } from "./ask.js";
import { drawCurves, drawDensity, newChart } from "./charts.js";
import { editSource, removeSource } from "./dialogs.js";
import { Drawing } from "./drawing.js";
import {
  duration, element, keyed, named, setText, trackColour, trackName, written,
} from "./elements.js";
import { canFilm, Film } from "./film.js";
import { showState } from "./tiles.js";

// Remembered by the browser: whether the live picture is the film.
const LEAN = "edgereg.lean";
const SPANS_S = { 30: "30 s", 60: "1 min", 180: "3 min" };
const KEPT_S = 180;
// Samples come four times a second; after a longer pause a curve has a gap.
const GAP_S = 1.5;
const MOST_CHARTS = 6;
const MOST_ROWS = 12;

export class Detail {
  #samples = [];
  #last = 0;
  #source = null;
  #task = "";
  #track;

  // service: what is known beside the sources, {may_change, tasks}. changed(): look again now.
  constructor(section, name, service, changed) {
    this.name = name;
    this.service = service;
    this.changed = changed;
    this.#build(section);
    this.live(true);
  }

  // Begin or end the live picture: the service paints only what somebody looks at.
  live(on) {
    this.film?.stop();
    this.film = null;
    const lean = this.#lean;
    this.image.hidden = lean;
    this.video.hidden = !lean;
    if (on && lean) {
      this.film = new Film(this.video, address(this.name, "live.mp4"), () => this.#noFilm());
    }
    if (on && !lean) this.image.src = address(this.name, "live.mjpg");
    else this.image.removeAttribute("src");
  }

  get #lean() {
    return this.service.film && canFilm() && localStorage.getItem(LEAN) === "yes";
  }

  #noFilm() {
    this.hint.textContent = "The film has ended; pictures one by one.";
    localStorage.removeItem(LEAN);
    this.live(true);
  }

  #toggleLean() {
    if (this.#lean) localStorage.removeItem(LEAN);
    else localStorage.setItem(LEAN, "yes");
    this.live(true);
    this.#showBar();
  }

  close() {
    this.live(false);
    this.drawing.end();
  }

  #build(section) {
    this.state = element("span", { className: "state" });
    this.error = element("p", { className: "error" });
    this.image = element("img", { alt: `live picture of ${this.name}` });
    this.video = element("video", {
      hidden: true, muted: true, playsinline: true, "aria-label": `live film of ${this.name}`,
    });
    this.video.muted = true;
    for (const picture of [this.image, this.video]) {
      picture.addEventListener("click", (event) => this.#choose(event));
    }
    this.overlay = element("canvas", {
      hidden: true, role: "application",
      "aria-label": "Box to track: arrows move it, Shift and arrows size it, Enter takes it, " +
        "Escape gives up",
    });
    this.drawing = new Drawing(this.overlay, (box) => this.#drawn(box));
    this.hint = element("p", { className: "hint", role: "status" });
    this.bar = element("div", { className: "bar" });
    this.chips = element("div", { className: "chips", role: "group", "aria-label": "Track" });
    this.tasks = element("select", { "aria-label": "Task", change: () => this.#pick() });
    this.span = element("select", { "aria-label": "Time shown", change: () => this.#showCurves() },
      ...Object.entries(SPANS_S).map(([value, text]) =>
        element("option", { value, text, selected: value === "60" })));
    this.charts = element("div");
    this.densities = element("div");
    this.densityTitle = element("h3", { text: "Density" });
    this.densityNote = element("p", { className: "hint" });
    this.values = element("div", { className: "scroll" });
    this.facts = element("dl");
    this.stages = element("tbody");
    this.fit = element("div", { className: "fit" }, this.image, this.video,
      this.overlay);
    const title = element("div", { className: "title" },
      element("a", { href: "#", text: "← All sources" }), element("h2", { text: this.name }),
      this.state);
    const stages = element("table", { className: "times" },
      element("thead", {}, element("tr", {}, element("th", { text: "Stage", scope: "col" }),
        element("th", { text: "ms a frame", scope: "col" }), element("th"))), this.stages);
    section.replaceChildren(
      element("div", { className: "column" },
        element("div", { className: "panel" }, title, this.error,
          element("div", { className: "stage" }, this.fit), this.bar, this.hint),
        element("div", { className: "panel" },
          element("div", { className: "head" }, element("h3", { text: "Values" }), this.tasks,
            this.span),
          this.chips, this.charts)),
      element("div", { className: "column" },
        element("div", { className: "panel" }, this.densityTitle,
          this.densityNote, this.densities),
        element("div", { className: "panel" }, element("h3", { text: "Now" }), this.values),
        element("div", { className: "panel" }, element("h3", { text: "Run" }), this.facts, stages)),
    );
    this.#buildBar();
  }

  #buildBar() {
    const button = (text, click) => element("button", { type: "button", text, click });
    this.run = button("Stop", () => this.#send(this.#stopped ? "start" : "stop", "POST"));
    this.point = button("Draw a box to track", () => this.#draw());
    this.edit = button("Settings", () => {
      editSource(this.name, this.service.tasks, this.changed).catch((error) => this.#say(error));
    });
    this.removal = button("Remove", () => removeSource(this.name, () => { location.hash = ""; }));
    this.lean = button("Lean picture", () => this.#toggleLean());
    this.lean.title = "H.264: a fraction of the bytes, some tenths of a second later";
    this.full = button("Full screen", () => this.fit.requestFullscreen?.());
    this.followed = element("span", { className: "bar" });
    this.bar.append(this.run, this.point, this.followed, this.edit, this.removal, this.lean,
      this.full);
  }

  get #stopped() {
    return ["stopped", "ended"].includes(this.#source?.state);
  }

  async #send(what, method, content) {
    try {
      await ask(address(this.name, what), { method, content });
      this.hint.textContent = "";
      this.changed();
    } catch (error) {
      this.#say(error);
    }
  }

  #say(error) {
    this.hint.textContent = error.message;
  }

  #draw() {
    if (this.drawing.active) {
      this.drawing.end();
      return;
    }
    this.hint.textContent =
      "Drag a box over what is to be followed; or arrows, Shift with arrows, and Enter.";
    this.point.setAttribute("aria-pressed", "true");
    this.drawing.begin();
  }

  #drawn(box) {
    this.point.setAttribute("aria-pressed", "false");
    this.hint.textContent = "";
    if (!box || !this.#source?.size) return;
    const [width, height] = this.#source.size;
    const [x, y, w, h] = box;
    const content = { box: [x * width, y * height, w * width, h * height] };
    this.#send("prompts", "POST", content);
  }

  // A click on the picture chooses the smallest prediction there.
  #choose(event) {
    const { left, top, width, height } = this.fit.getBoundingClientRect();
    const size = this.#source?.size;
    if (!size) return;
    const x = ((event.clientX - left) / width) * size[0];
    const y = ((event.clientY - top) / height) * size[1];
    const hit = this.#source.records
      .map(({ track, region, values: { x1, y1, x2, y2 } }) => [track, region ?? [x1, y1, x2, y2]])
      .filter(([track, [x1, y1, x2, y2]]) => track !== null && x1 <= x && x <= x2 && y1 <= y && y <= y2)
      .sort(([, a], [, b]) => (a[2] - a[0]) * (a[3] - a[1]) - (b[2] - b[0]) * (b[3] - b[1]))[0];
    if (hit) this.#select(hit[0]);
  }

  #select(track) {
    this.#track = track;
    this.#showCurves();
    this.#lookAtDensity();
  }

  #pick() {
    this.#task = this.tasks.value;
    this.#track = undefined;
    this.#showCurves();
    this.#lookAtDensity();
  }

  async update(source) {
    const began = this.#source && this.#source.state !== "running" && source.state === "running";
    this.#source = source;
    // A picture of a run that ended stands still.
    if (began) this.live(true);
    if (source.size) this.fit.style.setProperty("--ratio", source.size[0] / source.size[1]);
    showState(this.state, source);
    setText(this.error, source.error || "");
    this.error.hidden = !source.error;
    this.#showBar();
    this.#showValues();
    this.#showFacts();
    await Promise.all([this.#lookAtHistory(), this.#lookAtDensity()]);
  }

  #showBar() {
    const { may_change: may } = this.service;
    setText(this.run, this.#stopped ? "Start" : "Stop");
    for (const button of [this.run, this.edit, this.removal]) button.hidden = !may;
    this.point.hidden = !may || !this.#source.follows;
    this.lean.hidden = !this.service.film || !canFilm();
    this.lean.setAttribute("aria-pressed", String(this.#lean));
    keyed(this.followed, may ? this.#source.followed.map(String) : [], (track) =>
      element("button", {
        type: "button", text: `Forget #${track}`,
        click: () => this.#send(`prompts/${track}`, "DELETE"),
      }));
  }

  #showValues() {
    const { records } = this.#source;
    const tasks = [...new Set(records.map((each) => each.task))];
    const tables = tasks.map((task) => tableOf(task, records.filter((each) => each.task === task)));
    const found = tables.filter(Boolean);
    this.values.replaceChildren(...found);
    if (found.length === 0) this.values.append(element("p", { className: "hint", text: "Nothing." }));
  }

  #showFacts() {
    const source = this.#source;
    const rows = {
      Source: source.source,
      "Frames/s": source.fps.toFixed(1),
      Frames: String(source.frames),
      Dropped: String(source.dropped),
      "Latest result": source.frames ? `${duration(source.age_s)} ago` : "none yet",
      Failures: `${source.failures}, recovered ${source.recoveries} times`,
    };
    this.facts.replaceChildren(...Object.entries(rows).flatMap(([name, text]) =>
      [element("dt", { text: name }), element("dd", { text })]));
    const stages = Object.entries(source.stages_ms);
    const longest = Math.max(...stages.map(([, ms]) => ms), 1);
    this.stages.replaceChildren(...stages.map(([name, ms]) =>
      element("tr", {}, element("td", { text: name }), element("td", { text: ms.toFixed(1) }),
        element("td", {}, element("meter", { min: 0, max: longest, value: ms,
          "aria-label": `${name}: ${ms.toFixed(1)} ms` })))));
  }

  async #lookAtHistory() {
    const newer = await ask(address(this.name, `history?since=${this.#last}`));
    if (newer.length > 0) {
      this.#samples.push(...newer);
      [this.#last] = newer.at(-1);
      const oldest = newer.at(-1)[1] - KEPT_S;
      this.#samples = this.#samples.filter(([, time]) => time >= oldest);
    }
    this.#showCurves();
  }

  #showCurves() {
    const tasks = [...new Set(this.#samples.flatMap(([, , rows]) => rows.map(([task]) => task)))];
    if (!tasks.includes(this.#task)) this.#task = preferred(tasks);
    keyed(this.tasks, tasks, (task) =>
      element("option", { value: task, text: titleOf(this.service, task) }));
    this.tasks.value = this.#task;
    this.tasks.hidden = tasks.length < 2;
    const series = seriesOf(this.#samples, this.#task);
    const tracks = [...new Set([...series.values()].flatMap((each) => [...each.keys()]))];
    if (!tracks.includes(this.#track)) this.#track = latestTrack(this.#samples, this.#task);
    this.#showChips(tracks);
    const now = this.#samples.at(-1)?.[1] ?? 0;
    const names = [...series.keys()].slice(0, MOST_CHARTS);
    const unit = this.#units();
    keyed(this.charts, names, newChart).forEach((canvas, place) => {
      const name = names[place];
      const curves = [...series.get(name)].map(([track, points]) => ({ track, points }));
      drawCurves(canvas, {
        name, unit: unit[name], series: curves, now, span: Number(this.span.value), gap_s: GAP_S,
        chosen: this.#track,
      });
    });
  }

  #units() {
    const known = this.#source?.records.find((each) => each.task === this.#task);
    return known ? known.units : {};
  }

  #showChips(tracks) {
    const shown = tracks.filter((track) => track !== null).sort((a, b) => a - b).slice(-24);
    const chips = keyed(this.chips, shown.map(String), (key) => {
      const dot = element("span", { className: "dot", "aria-hidden": "true" });
      dot.style.background = trackColour(Number(key));
      return element("button", { type: "button", click: () => this.#select(Number(key)) },
        dot, `#${key}`);
    });
    for (const chip of chips) {
      chip.setAttribute("aria-pressed", String(Number(chip.dataset.key) === this.#track));
    }
  }

  async #lookAtDensity() {
    const task = this.#source?.densities.includes(this.#task) ? this.#task : null;
    if (task === null || this.#track === undefined) {
      this.#showDensity(null, task === null ? "This task's model gives no density." : "");
      return;
    }
    const track = this.#track;
    const query = new URLSearchParams({ task, ...(track === null ? {} : { track }) });
    const found = await ask(address(this.name, `density?${query}`));
    if (this.#task !== task || this.#track !== track) return;
    this.#showDensity(found, found ? "" : `${trackName(track)} is not in the picture now.`);
  }

  #showDensity(found, note) {
    const whose = this.#track === null || this.#track === undefined ? "" : ` of #${this.#track}`;
    setText(this.densityTitle, `Density${whose}`);
    setText(this.densityNote, note);
    this.densityNote.hidden = !note;
    // What was there stays while its object is out of sight for a moment.
    if (!found && note.endsWith("now.")) return;
    const curves = found ? found.curves.slice(0, MOST_CHARTS) : [];
    keyed(this.densities, curves.map((each) => each.name), newChart)
      .forEach((canvas, place) => drawDensity(canvas, curves[place], this.#track));
  }
}

// The last one stands on the others, and has the finest results.
const preferred = (tasks) => tasks.at(-1) ?? "";

function latestTrack(samples, task) {
  const rows = samples.at(-1)?.[2].filter(([name]) => name === task) ?? [];
  return rows.length > 0 ? rows[0][1] : undefined;
}

const titleOf = (service, task) => (service.tasks[task] ?? task).split(":")[0];

// {name of a value: {track: [[time, value], ...]}} of one task.
function seriesOf(samples, task) {
  const found = new Map();
  for (const [, time, rows] of samples) {
    for (const [name, track, values] of rows) {
      if (name !== task) continue;
      for (const [key, value] of Object.entries(values)) {
        if (!found.has(key)) found.set(key, new Map());
        const tracks = found.get(key);
        if (!tracks.has(track)) tracks.set(track, []);
        tracks.get(track).push([time, value]);
      }
    }
  }
  return found;
}

function tableOf(task, rows) {
  const names = Object.keys(rows[0].values).filter((key) => typeof rows[0].values[key] === "number");
  if (names.length === 0) return null;
  const head = names.map((key) =>
    element("th", { scope: "col", text: named(key, rows[0].units[key]) }));
  const lines = rows.slice(0, MOST_ROWS).map((row) => {
    const values = row.smoothed ?? row.values;
    const dot = element("span", { className: "dot", "aria-hidden": "true" });
    dot.style.background = trackColour(row.track);
    const who = row.track === null ? [row.state ?? ""] : [dot, ` #${row.track} ${row.state ?? ""}`];
    return element("tr", {}, element("td", {}, ...who),
      ...names.map((key) => element("td", { text: written(values[key]) })));
  });
  return element("table", {}, element("caption", { text: task }),
    element("thead", {}, element("tr", {}, element("th", { scope: "col", text: "Track" }), ...head)),
    element("tbody", {}, ...lines));
}
