// One control per parameter, made from its declaration: an element, and a function that shows the current value.

import { make, twice } from "./dom.js";
import { bars } from "./bars.js";
import { colour, isColour } from "./colour.js";
import { fader } from "./fader.js";
import { toast } from "./toast.js";
import { partOf, spoken, valueAt } from "./parameters.js";

const STEPS = 1000;
const WIDE = 1e6;
/** Ends the show, so the button must be pressed twice. */
const TWICE = ["/engine/stop"];

/** {element, show(...values)} for a parameter; `write(...values)` sends the chosen value. */
export function controlOf(parameter, write) {
  if (!parameter.writable) return reading(parameter);
  switch (parameter.kind) {
    case "pulse":
      return button(parameter, write);
    case "switch":
      return toggle(parameter, write);
    case "choice":
      return parameter.choices.length <= 6 && parameter.choices.join("").length <= 26 ? segments(parameter, write) : list(parameter, write);
    case "text":
      return field(parameter, write);
    case "vector":
      if (parameter.components.length === 2) return pair(parameter, write);
      return isColour(parameter) ? colour(parameter, write) : bars(parameter, write);
    default: {
      const { low, high } = parameter;
      return low === undefined || high === undefined || high - low > WIDE ? field(parameter, write) : slider(parameter, write);
    }
  }
}

/** A row: name and value, the control, and its meaning. A double-click on the name sets the default. */
export function rowOf(parameter, write) {
  const control = controlOf(parameter, write);
  const id = `c${parameter.address.replaceAll("/", "-")}`;
  const input = control.input ?? control.element;
  input.id = id;
  const label = make("label", { className: "name", title: parameter.meaning, for: id }, parameter.name);
  const meaning = make("p", { className: "meaning", id: `${id}-meaning`, title: parameter.meaning }, parameter.meaning);
  input.setAttribute("aria-describedby", meaning.id);
  if (control.group) {
    control.element.setAttribute("role", "group");
    control.element.setAttribute("aria-label", parameter.name);
  }
  const row = make("div", { className: `row ${control.narrow ? "" : parameter.kind}` }, make("div", { className: "head" }, label), meaning);
  (control.inline ? row.firstChild : row).insertBefore(control.element, control.inline ? null : meaning);
  if (control.value) row.firstChild.append(control.value);
  row.dataset.address = parameter.address;
  if (parameter.initial) {
    label.addEventListener("dblclick", (event) => (event.preventDefault(), write(...parameter.initial)));
    control.element.addEventListener("dblclick", () => control.resets && write(...parameter.initial));
  }
  return { row, show: control.show };
}

function slider(parameter, write) {
  const whole = parameter.kind === "int" && !parameter.log && parameter.high - parameter.low <= STEPS;
  const input = make("input", {
    type: "range",
    min: whole ? parameter.low : 0,
    max: whole ? parameter.high : STEPS,
    step: whole || parameter.kind === "int" ? 1 : "any",
    "aria-label": parameter.name,
  });
  const value = make("input", { className: "value", inputMode: "decimal", "aria-label": `${parameter.name}, value` });
  const place = (number) => (whole ? number : partOf(parameter, number) * STEPS);
  const middle = parameter.low < 0 && parameter.high > 0 && !parameter.log ? partOf(parameter, 0) : 0;
  let held = false;
  let last = parameter.low;
  const paint = (number) => {
    const part = partOf(parameter, number);
    input.style.setProperty("--from", Math.min(part, middle));
    input.style.setProperty("--to", Math.max(part, middle));
    input.setAttribute("aria-valuetext", `${spoken(number)} ${parameter.unit}`);
    if (document.activeElement !== value) value.value = spoken(number);
  };
  const show = (number) => {
    last = number;
    if (held) return;
    input.value = place(number);
    paint(number);
  };
  const choose = (number) => {
    paint(number);
    write(number);
  };
  input.addEventListener("input", () => choose(whole ? Number(input.value) : valueAt(parameter, input.value / STEPS)));
  const element = make("div", { className: "slide" }, input);
  fader(element, {
    partNow: () => partOf(parameter, last),
    put: (part) => {
      const number = valueAt(parameter, part);
      input.value = place(number);
      choose(number);
    },
    held: (yes) => {
      held = yes;
      if (!yes) setTimeout(() => held || show(last), 250);
    },
  });
  enter(value, () => last, (text) => write(Number(text.replace(",", "."))), (text) => text.trim() !== "" && !Number.isNaN(Number(text.replace(",", "."))));
  const unit = make("span", { className: "unit" }, parameter.unit === "x" ? "×" : parameter.unit);
  return { element, input, value: make("span", { className: "number" }, value, unit), show, resets: true };
}

/** Two numbers, such as x and y, each with a slider. */
function pair(parameter, write) {
  let now = parameter.components.map(() => 0);
  const sliders = parameter.components.map((component, index) => {
    const one = { ...parameter, kind: "float", name: `${parameter.name} ${component}` };
    return slider(one, (value) => write(...now.map((number, place) => (place === index ? value : number))));
  });
  const element = make("div", { className: "pair" });
  sliders.forEach((one, index) => element.append(make("span", {}, parameter.components[index]), one.element, one.value));
  const show = (...values) => {
    now = values;
    sliders.forEach((one, index) => one.show(values[index]));
  };
  return { element, show, group: true, narrow: true };
}

/** A text field that sends at Enter or when it loses the focus; Escape or an invalid text restores `now()`. */
function enter(input, now, send, good = () => true) {
  const back = () => (input.value = spoken(now()));
  input.addEventListener("focus", () => input.select());
  input.addEventListener("change", () => (good(input.value) ? send(input.value) : back()));
  input.addEventListener("blur", back);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") back();
    if (event.key === "Escape" || event.key === "Enter") input.blur();
  });
}

function toggle(parameter, write) {
  const input = make("input", { type: "checkbox", className: "toggle", role: "switch" });
  input.addEventListener("change", () => write(input.checked));
  return { element: input, inline: true, show: (on) => (input.checked = Boolean(on)) };
}

function button(parameter, write) {
  const element = make("button", { type: "button", className: "pulse", title: parameter.meaning }, parameter.name);
  element.addEventListener("click", () => {
    if (TWICE.includes(parameter.address)) twice(element, write);
    else {
      write();
      toast(`${parameter.node} ${parameter.name}: ${parameter.meaning}`);
    }
  });
  return { element, show: () => element.animate([{ filter: "brightness(2)" }, { filter: "none" }], 400) };
}

function segments(parameter, write) {
  const name = `s${parameter.address}`;
  const radios = parameter.choices.map((choice) => make("input", { type: "radio", name, value: choice }));
  radios.forEach((radio) => radio.addEventListener("change", () => write(radio.value)));
  const element = make("div", { className: "segments" });
  radios.forEach((radio) => element.append(make("label", {}, radio, make("span", {}, radio.value))));
  const show = (chosen) => radios.forEach((radio) => (radio.checked = radio.value === chosen));
  return { element, show, group: true };
}

function list(parameter, write) {
  const element = make("select", {}, ...parameter.choices.map((choice) => make("option", {}, choice)));
  element.addEventListener("change", () => write(element.value));
  return { element, show: (chosen) => (element.value = chosen) };
}

function field(parameter, write) {
  const input = make("input", { className: "field", autocomplete: "off", placeholder: parameter.readable ? "" : "…" });
  const number = parameter.kind !== "text";
  if (number) input.inputMode = "numeric";
  let last = "";
  const good = (text) => !number || (text.trim() !== "" && !Number.isNaN(Number(text)));
  enter(input, () => last, (text) => write(number ? Number(text) : text), good);
  const show = (value) => {
    last = value;
    if (document.activeElement !== input) input.value = spoken(value);
  };
  return { element: input, inline: number, show };
}

function reading(parameter) {
  const element = make("output", { className: "reading" });
  const show = (...values) => (element.textContent = `${values.map((value) => (value === true ? "on" : value === false ? "off" : spoken(value))).join(" ")} ${parameter.unit}`.trim());
  return { element, inline: true, show };
}
