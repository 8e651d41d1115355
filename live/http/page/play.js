// The first view: the controls that the piece chooses, large.

import { make, the } from "./dom.js";
import { bars } from "./bars.js";
import { fader } from "./fader.js";
import { partOf, spoken, valueAt } from "./parameters.js";
import { typesOf } from "./parameters.js";
import { toast } from "./toast.js";

/** Builds the large controls for the addresses in /engine/controls; returns false if there are none. */
export function buildPlay(here, hues, connection) {
  const grid = the("large");
  let filled = null;
  const fill = (text) => {
    if (text === filled) return;
    filled = text;
    const chosen = (text ?? "").split("\n").map((address) => here.get(address)).filter(Boolean);
    grid.replaceChildren(...chosen.map((parameter) => tileOf(parameter, hues.get(parameter.node) ?? "", connection)));
  };
  const controls = here.get("/engine/controls");
  fill(controls?.values?.[0]);
  if (controls) connection.on(controls.address, fill);
  return grid.children.length > 0;
}

function tileOf(parameter, hue, connection) {
  const write = (...values) => connection.write(parameter.address, typesOf(parameter, values), values);
  const name = make("span", { className: "tile-name" }, parameter.name);
  const node = make("span", { className: "tile-node" }, parameter.node);
  const value = make("output", { className: "tile-value" });
  const head = make("div", { className: "tile-head" }, make("div", {}, node, name), value);
  const tile = make("div", { className: `tile ${parameter.kind} ${hue}`, title: parameter.meaning }, head);
  tile.dataset.address = parameter.address;
  const show = fitted(parameter, tile, value, write);
  if (parameter.values) show(...parameter.values);
  connection.on(parameter.address, show);
  return tile;
}

/** Makes the tile a control of the parameter's kind; returns the function that shows a value. */
function fitted(parameter, tile, value, write) {
  switch (parameter.kind) {
    case "float":
    case "int":
      if (parameter.low !== undefined && parameter.high !== undefined) return faderTile(parameter, tile, value, write);
      return (number) => (value.textContent = spoken(number));
    case "vector": {
      const control = bars(parameter, write);
      tile.append(control.element);
      return control.show;
    }
    case "choice": {
      const list = make("select", { "aria-label": parameter.name }, ...parameter.choices.map((one) => make("option", {}, one)));
      list.addEventListener("change", () => write(list.value));
      tile.append(list);
      return (chosen) => (list.value = chosen);
    }
    case "text": {
      const input = make("input", { className: "field", "aria-label": parameter.name });
      input.addEventListener("change", () => write(input.value));
      tile.append(input);
      return (text) => document.activeElement === input || (input.value = text);
    }
    default: {
      const on = () => tile.getAttribute("aria-pressed") === "true";
      tile.setAttribute("role", "button");
      tile.tabIndex = 0;
      const press = () => (parameter.kind === "switch" ? write(!on()) : (write(), toast(`${parameter.name}: ${parameter.meaning}`)));
      tile.addEventListener("click", press);
      tile.addEventListener("keydown", ({ key }) => (key === "Enter" || key === " ") && press());
      return (yes) => {
        if (parameter.kind !== "switch") return;
        tile.setAttribute("aria-pressed", Boolean(yes));
        value.textContent = yes ? "on" : "off";
      };
    }
  }
}

function faderTile(parameter, tile, value, write) {
  let now = parameter.low;
  let held = false;
  const paint = () => {
    tile.style.setProperty("--part", partOf(parameter, now));
    value.textContent = `${spoken(now)} ${parameter.unit === "x" ? "×" : parameter.unit}`.trim();
    tile.setAttribute("aria-valuenow", spoken(now));
  };
  const put = (part) => {
    now = valueAt(parameter, Math.min(1, Math.max(0, part)));
    paint();
    write(now);
  };
  const bounds = { "aria-valuemin": parameter.low, "aria-valuemax": parameter.high, "aria-label": `${parameter.node} ${parameter.name}` };
  Object.entries({ role: "slider", ...bounds }).forEach(([key, one]) => tile.setAttribute(key, one));
  tile.tabIndex = 0;
  tile.addEventListener("keydown", (event) => {
    const step = { ArrowUp: 0.02, ArrowRight: 0.02, ArrowDown: -0.02, ArrowLeft: -0.02, Home: -1, End: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    put(partOf(parameter, now) + step);
  });
  let last = now;
  const settle = () => held || ((now = last), paint());
  const hold = (yes) => {
    held = yes;
    if (!yes) setTimeout(settle, 250); // by then the engine has answered with the value that it stored
  };
  fader(tile, { put, partNow: () => partOf(parameter, now), held: hold });
  return (number) => {
    last = number;
    if (held) return;
    now = number;
    paint();
  };
}
