// Curves over time and densities, drawn on canvases.

import { element, named, trackColour, trackName, unitOf, written } from "./elements.js";

const PADDING = { left: 44, right: 8, top: 20, bottom: 16 };
// The part of a density that is shown holds all above this share of its peak.
const VISIBLE = 0.004;

const colourOf = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name.replace(/var\((.*)\)/, "$1"));

// A canvas as large as it is shown, in the screen's own pixels; null while it is not shown.
function sheet(canvas) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return null;
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  pen.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  const area = {
    left: PADDING.left, right: width - PADDING.right, top: PADDING.top,
    bottom: height - PADDING.bottom,
  };
  return { pen, area };
}

export const newChart = () => element("canvas", { className: "chart", role: "img" });

// Round numbers between two values, a few of them.
function ticks(low, high, most) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) {
    found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  }
  return found;
}

function drawGrid({ pen, area }, low, high, toY) {
  pen.strokeStyle = colourOf("--line");
  pen.fillStyle = colourOf("--dim");
  pen.lineWidth = 1;
  pen.textAlign = "right";
  pen.textBaseline = "middle";
  for (const value of ticks(low, high, 4)) {
    const y = Math.round(toY(value)) + 0.5;
    pen.beginPath();
    pen.moveTo(area.left, y);
    pen.lineTo(area.right, y);
    pen.stroke();
    pen.fillText(String(Number(value.toPrecision(6))), area.left - 6, y);
  }
}

function drawTitle({ pen, area }, title, note = "") {
  pen.textBaseline = "top";
  pen.textAlign = "left";
  pen.fillStyle = colourOf("--text");
  pen.fillText(title, area.left, 2);
  pen.textAlign = "right";
  pen.fillStyle = colourOf("--dim");
  pen.fillText(note, area.right, 2);
}

function rangeOf(series) {
  let low = Infinity;
  let high = -Infinity;
  for (const { points } of series) {
    for (const [, value] of points) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (low > high) return [0, 1];
  const margin = Math.max((high - low) * 0.1, Math.abs(high) * 0.02, 0.1);
  return [low - margin, high + margin];
}

// Curves of one value: series [{track, points: [[time, value]]}], over `span` seconds up to `now`.
// gap_s: a longer pause between two points leaves a gap. chosen: a track that is drawn bolder.
export function drawCurves(canvas, { name, unit, series, now, span, gap_s, chosen }) {
  const latest = series
    .map(({ track, points }) => [track, points.at(-1)])
    .filter(([, point]) => point && now - point[0] < 2)
    .map(([track, [, value]]) => `${trackName(track)} ${written(value)}${unitOf(unit)}`);
  canvas.setAttribute("aria-label", `${name} by track: ${latest.join(", ") || "nothing now"}`);
  const made = sheet(canvas);
  if (!made) return;
  const { pen, area } = made;
  const [low, high] = rangeOf(series);
  const toX = (time) => area.right - ((now - time) / span) * (area.right - area.left);
  const toY = (value) => area.bottom - ((value - low) / (high - low)) * (area.bottom - area.top);
  drawGrid(made, low, high, toY);
  drawTitle(made, named(name, unit));
  pen.save();
  pen.beginPath();
  pen.rect(area.left, area.top - 2, area.right - area.left, area.bottom - area.top + 4);
  pen.clip();
  pen.lineJoin = "round";
  for (const { track, points } of series) {
    pen.strokeStyle = colourOf(trackColour(track));
    pen.lineWidth = track === chosen ? 2.4 : 1.4;
    pen.globalAlpha = track === chosen || chosen === undefined ? 1 : 0.75;
    pen.beginPath();
    let before = -Infinity;
    for (const [time, value] of points) {
      if (time - before > gap_s) pen.moveTo(toX(time) - 0.5, toY(value));
      pen.lineTo(toX(time), toY(value));
      before = time;
    }
    pen.stroke();
  }
  pen.restore();
  drawTimes(made, span);
}

function drawTimes({ pen, area }, span) {
  pen.fillStyle = colourOf("--dim");
  pen.textBaseline = "bottom";
  for (const share of [0, 0.5, 1]) {
    pen.textAlign = share === 0 ? "left" : share === 1 ? "right" : "center";
    const seconds = Math.round(span * (1 - share));
    const text = seconds === 0 ? "now" : `${-seconds} s`.replace("-", "−");
    pen.fillText(text, area.left + share * (area.right - area.left), area.bottom + 15);
  }
}

// The part of x that holds the density's mass and the values on it.
function windowOf({ x: [first, last], density, initial, final }) {
  const peak = Math.max(...density);
  const step = (last - first) / (density.length - 1);
  const inside = density.map((value, place) => (value >= VISIBLE * peak ? place : -1))
    .filter((place) => place >= 0);
  const places = [first + inside[0] * step, first + inside.at(-1) * step, final];
  if (initial !== null) places.push(initial);
  const low = Math.max(Math.min(...places), first);
  const high = Math.min(Math.max(...places), last);
  const margin = Math.max(0.12 * (high - low), ((last - first) * 0.15 - (high - low)) / 2, 0);
  return [Math.max(low - margin, first), Math.min(high + margin, last)];
}

// The density of one target with the prediction's own values: initial dashed, final solid.
export function drawDensity(canvas, curve, track) {
  const { name, unit, x: [first, last], density, initial, final } = curve;
  const from = initial === null ? "" : `from ${written(initial)}${unitOf(unit)}`;
  const value = `${name} ${written(final)}${unitOf(unit)}`;
  canvas.setAttribute("aria-label", `density of ${value} ${from}`);
  const made = sheet(canvas);
  if (!made) return;
  const { pen, area } = made;
  const [low, high] = windowOf(curve);
  const peak = Math.max(...density) || 1;
  const toX = (each) => area.left + ((each - low) / (high - low)) * (area.right - area.left);
  const toY = (each) => area.bottom - (each / peak) * (area.bottom - area.top - 2);
  drawTitle(made, value, from);
  pen.save();
  pen.beginPath();
  pen.rect(area.left, area.top, area.right - area.left, area.bottom - area.top + 1);
  pen.clip();
  const colour = colourOf(trackColour(track));
  pen.beginPath();
  density.forEach((each, place) => {
    pen.lineTo(toX(first + (place * (last - first)) / (density.length - 1)), toY(each));
  });
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.stroke();
  pen.lineTo(toX(last), area.bottom);
  pen.lineTo(toX(first), area.bottom);
  pen.globalAlpha = 0.22;
  pen.fillStyle = colour;
  pen.fill();
  pen.globalAlpha = 1;
  drawLine(made, toX(final), colourOf("--text"), []);
  if (initial !== null) drawLine(made, toX(initial), colour, [4, 4]);
  pen.restore();
  drawScale(made, low, high, toX);
}

function drawLine({ pen, area }, x, colour, dashes) {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.setLineDash(dashes);
  pen.beginPath();
  pen.moveTo(x, area.top);
  pen.lineTo(x, area.bottom);
  pen.stroke();
  pen.setLineDash([]);
}

function drawScale({ pen, area }, low, high, toX) {
  pen.strokeStyle = colourOf("--line");
  pen.fillStyle = colourOf("--dim");
  pen.textAlign = "center";
  pen.textBaseline = "bottom";
  pen.beginPath();
  pen.moveTo(area.left, area.bottom + 0.5);
  pen.lineTo(area.right, area.bottom + 0.5);
  pen.stroke();
  for (const value of ticks(low, high, 5)) {
    pen.fillText(String(Number(value.toPrecision(6))), toX(value), area.bottom + 15);
  }
}
