// Adding a source, changing its settings, and asking before something is removed.

import { address, ask } from "./ask.js";
import { element } from "./elements.js";

const dialog = document.getElementById("dialog");
const FLAGS = {
  loop: "A file starts again at its end",
  refine: "Climb the predicted density",
  smooth: "Steady the values over time",
  track: "Number what is found",
};

// How the command line is told of a task means nothing here.
const OPTION = / \(--.*\)$/;

// What a new source is when nothing else is said; the service has the same.
const FRESH = { source: "", tasks: ["headpose"], loop: false, refine: true, smooth: false,
  track: true, detect_every: 1 };

function open(title, content, submit, word) {
  const mistakes = element("ul", { className: "mistakes", role: "alert" });
  const cancel = element("button", { type: "button", text: "Cancel", click: () => dialog.close() });
  const go = element("button", { type: "submit", className: "primary", text: word });
  const heading = element("h2", { text: title, id: "dialog-title" });
  const actions = element("div", { className: "actions" }, cancel, go);
  const form = element("form", {}, heading, ...content, mistakes, actions);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    go.disabled = true;
    mistakes.replaceChildren();
    try {
      await submit(new FormData(form));
      dialog.close();
    } catch (error) {
      const lines = error.message.split("\n");
      mistakes.replaceChildren(...lines.map((text) => element("li", { text })));
    }
    go.disabled = false;
  });
  dialog.setAttribute("aria-labelledby", "dialog-title");
  dialog.replaceChildren(form);
  dialog.showModal();
}

function fields(settings, tasks) {
  const every = ["1", "2", "4", "8", "auto"];
  const wanted = String(settings.detect_every);
  return [
    element("label", { text: "Camera's number, or address (rtsp, http)" },
      element("input", { name: "source", required: true, value: settings.source,
        spellcheck: "false", autocomplete: "off", placeholder: "rtsp://user:password@camera/1" })),
    element("fieldset", {}, element("legend", { text: "Tasks" }),
      ...Object.entries(tasks).map(([name, title]) =>
        check("tasks", title.replace(OPTION, ""), settings.tasks.includes(name), name))),
    element("label", { text: "Detect in every" },
      element("select", { name: "detect_every" },
        ...(every.includes(wanted) ? every : [wanted, ...every]).map((value) => element("option", {
          value, selected: value === wanted,
          text: value === "1" ? "frame" : value === "auto" ? "frame that it can keep up with"
            : `${value} frames, carry between`,
        })))),
    ...Object.entries(FLAGS).map(([name, text]) => check(name, text, settings[name])),
  ];
}

const check = (name, text, checked, value = "on") =>
  element("label", { className: "line" },
    element("input", { type: "checkbox", name, value, checked }), text);

function settingsIn(form) {
  const every = form.get("detect_every");
  const flags = Object.keys(FLAGS).map((name) => [name, form.has(name)]);
  return {
    source: form.get("source").trim(),
    tasks: form.getAll("tasks"),
    detect_every: every === "auto" ? every : Number(every),
    ...Object.fromEntries(flags),
  };
}

// What differs; the address is sent only where it was changed, since its secrets are not shown.
const changed = (before, after) => Object.fromEntries(
  Object.entries(after).filter(([name, value]) =>
    JSON.stringify(value) !== JSON.stringify(before[name])));

export function addSource(tasks, then) {
  const name = element("label", { text: "Name" },
    element("input", { name: "name", required: true, pattern: "[A-Za-z0-9][A-Za-z0-9_\\-]*",
      maxlength: 64, autocomplete: "off", placeholder: "door" }));
  open("Add a source", [name, ...fields(FRESH, tasks)], async (form) => {
    const path = address(form.get("name"));
    const taken = await ask(path).then(() => true, () => false);
    if (taken) throw new Error(`name: there is a source '${form.get("name")}' already`);
    await ask(path, { method: "PUT", content: settingsIn(form) });
    then(form.get("name"));
  }, "Add");
}

export async function editSource(name, tasks, then) {
  const { settings } = await ask(address(name));
  open(`Change '${name}'`, fields(settings, tasks), async (form) => {
    await ask(address(name), { method: "PATCH", content: changed(settings, settingsIn(form)) });
    then();
  }, "Change");
}

export function removeSource(name, then) {
  const text = "It ends, and is gone from the list. The configuration file stays as it is.";
  open(`Remove '${name}'?`, [element("p", { text })], async () => {
    await ask(address(name), { method: "DELETE" });
    then();
  }, "Remove");
}
