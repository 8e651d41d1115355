// A colour: red, green, blue and optionally opacity, each 0 to 1.

import { make } from "./dom.js";
import { fader } from "./fader.js";
import { spoken } from "./parameters.js";

/** Whether a vector's components are those of a colour. */
export function isColour(parameter) {
  return parameter.components.slice(0, 3).join(" ") === "red green blue";
}

/** {element, show(...values)}. */
export function colour(parameter, write) {
  const well = make("input", { type: "color", "aria-label": parameter.name });
  const element = make("div", { className: "colour" }, well);
  let held = false;
  const opacity = parameter.components[3] === "opacity" ? make("input", { type: "range", min: 0, max: 1, step: "any" }) : null;
  if (opacity) {
    opacity.setAttribute("aria-label", `${parameter.name}, opacity`);
    const slide = make("div", { className: "slide" }, opacity);
    element.append(slide);
    const put = (part) => {
      opacity.value = part;
      paint();
      send();
    };
    fader(slide, { put, partNow: () => Number(opacity.value), held: (yes) => (held = yes) });
  }
  const send = () => {
    const number = Number.parseInt(well.value.slice(1), 16);
    const parts = [16, 8, 0].map((shift) => ((number >> shift) & 255) / 255);
    write(...parts, ...(opacity ? [Number(opacity.value)] : []));
  };
  const paint = () => {
    opacity?.style.setProperty("--from", 0);
    opacity?.style.setProperty("--to", opacity.value);
  };
  well.addEventListener("input", send);
  opacity?.addEventListener("input", () => (paint(), send()));
  const show = (red, green, blue, see) => {
    const part = (value) => Math.round(255 * Math.min(1, Math.max(0, value))).toString(16).padStart(2, "0");
    well.value = `#${part(red)}${part(green)}${part(blue)}`;
    if (opacity && !held) opacity.value = see;
    paint();
    well.title = [red, green, blue].map(spoken).join(" ");
  };
  return { element, show, input: well };
}
