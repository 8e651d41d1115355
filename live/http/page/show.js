// Presets and cues as buttons.

import { make, the, twice } from "./dom.js";

const lines = (text) => (text ?? "").split("\n").filter(Boolean);

/** Builds the sections of presets and cues if the engine has them. */
export function buildShow(here, connection) {
  buildPresets(here, connection);
  buildCues(here, connection);
}

function buildPresets(here, connection) {
  const section = the("presets");
  section.hidden = !here.has("/preset/list");
  if (section.hidden) return;
  const grid = make("div", { className: "presets" });
  const name = make("input", { className: "field", placeholder: "New preset", "aria-label": "Name of a new preset" });
  const form = make("form", { className: "inline" }, name, make("button", {}, "Store"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (name.value.trim()) connection.write("/preset/store", "s", [name.value.trim()]);
    name.value = "";
  });
  const seconds = make("input", { className: "value", inputMode: "decimal", "aria-label": "Seconds of a morph" });
  seconds.addEventListener("change", () => connection.write("/preset/seconds", "f", [Number(seconds.value) || 0]));
  const morph = make("label", { className: "morph" }, "over ", seconds, " s");
  const edit = make("button", { type: "button", className: "quiet", "aria-pressed": false }, "Edit");
  edit.addEventListener("click", () => edit.setAttribute("aria-pressed", section.classList.toggle("editing")));
  section.replaceChildren(make("div", { className: "head" }, make("h2", {}, "Presets"), morph, edit), grid, form);

  let last = "";
  const mark = () => [...grid.querySelectorAll("button.preset")].forEach((one) => one.setAttribute("aria-pressed", one.textContent === last));
  follow(here, connection, "/preset/list", (text) => {
    const recall = (preset) => {
      const button = make("button", { type: "button", className: "preset", title: preset }, preset);
      button.addEventListener("click", () => connection.write("/preset/recall", "s", [preset]));
      return make("div", { className: "preset-item" }, button, editOf(preset, connection));
    };
    grid.replaceChildren(...lines(text).map(recall));
    edit.hidden = !grid.children.length;
    mark();
  });
  follow(here, connection, "/preset/last", (text) => ((last = text), mark()));
  follow(here, connection, "/preset/seconds", (value) => document.activeElement === seconds || (seconds.value = value));
}

/** What the edit mode shows below a preset: a field with its name, and a button that deletes it when pressed twice. */
function editOf(preset, connection) {
  const name = make("input", { className: "field", value: preset, "aria-label": `New name of ${preset}` });
  name.addEventListener("change", () => {
    if (name.value.trim() && name.value.trim() !== preset) connection.write("/preset/rename", "ss", [preset, name.value.trim()]);
    else name.value = preset;
  });
  const button = make("button", { type: "button", "aria-label": `Delete ${preset}` }, "Delete");
  button.addEventListener("click", () => twice(button, () => connection.write("/preset/delete", "s", [preset])));
  return make("div", { className: "preset-edit" }, name, button);
}

function buildCues(here, connection) {
  const section = the("cues");
  section.hidden = !here.has("/cue/list");
  if (section.hidden) return;
  const press = (address) => () => connection.write(address, "I", []);
  const action = (text, address, className = "") => {
    const button = make("button", { type: "button", className }, text);
    button.addEventListener("click", press(address));
    return button;
  };
  const list = make("ol", { className: "cues" });
  const buttons = make("div", { className: "inline" });
  buttons.append(action("Back", "/cue/back"), action("Stop", "/cue/stop"), action("Go", "/cue/go", "go"));
  section.replaceChildren(make("h2", {}, "Cues"), list, buttons);

  const state = { current: "", next: "" };
  const mark = () => {
    for (const item of list.children) {
      item.classList.toggle("current", item.textContent === state.current);
      item.classList.toggle("next", item.textContent === state.next);
    }
  };
  follow(here, connection, "/cue/list", (text) => {
    const itemOf = (cue) => {
      const button = make("button", { type: "button" }, cue);
      button.addEventListener("click", () => connection.write("/cue/goto", "s", [cue]));
      return make("li", {}, button);
    };
    list.replaceChildren(...lines(text).map(itemOf));
    section.hidden = !list.children.length;
    mark();
  });
  follow(here, connection, "/cue/current", (text) => ((state.current = text), mark()));
  follow(here, connection, "/cue/next", (text) => ((state.next = text), mark()));
}

function follow(here, connection, address, show) {
  const parameter = here.get(address);
  if (!parameter) return;
  if (parameter.values) show(...parameter.values);
  connection.on(address, show);
}
