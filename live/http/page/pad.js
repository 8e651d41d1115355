// The XY pad: two parameters under one finger. Its view fills the screen, so that there is nothing to scroll.

import { make, memory, the } from "./dom.js";
import { partOf, spoken, typesOf, valueAt } from "./parameters.js";

const fits = ({ kind, writable, low, high }) => writable && (kind === "float" || kind === "int") && low !== undefined && high !== undefined && high - low <= 1e6;

/** Builds the pad for all numbers, beginning with two of the addresses `first`. Returns false if there are fewer than two numbers. */
export function buildPad(space, first, connection) {
  const numbers = space.filter(fits);
  const section = the("pad");
  if (numbers.length < 2) return false;
  const wanted = first.map((address) => numbers.find((one) => one.address === address)).filter(Boolean);
  const usual = [...new Set([...wanted, ...numbers.filter(({ node }) => node !== "engine"), ...numbers])];
  const chosen = [memory.get("pad x"), memory.get("pad y")].map((address, axis) =>
    numbers.find((one) => one.address === address) ?? usual[axis]);
  const part = [0, 0];
  let held = false;
  const dot = make("i");
  const surface = make("div", { className: "pad-surface", role: "application", "aria-label": "Two parameters at once" }, dot);
  const values = [make("output"), make("output")];
  const lists = ["x", "y"].map((axis, index) => {
    const list = make("select", { "aria-label": `Parameter along ${axis}` }, ...numbers.map((one) => make("option", { value: one.address }, `${one.node} ${one.name}`)));
    list.value = chosen[index].address;
    list.addEventListener("change", () => {
      chosen[index] = numbers.find((one) => one.address === list.value);
      memory.set(`pad ${axis}`, list.value);
      look(index);
    });
    return list;
  });
  section.replaceChildren(
    make("div", { className: "pad-axes" }, ...lists.map((list, index) => make("label", {}, make("span", {}, index ? "↑" : "→"), list, values[index]))),
    surface,
  );
  const now = new Map(numbers.map((one) => [one.address, one.values?.[0] ?? one.low]));
  const paint = () => {
    dot.style.left = `${100 * part[0]}%`;
    dot.style.bottom = `${100 * part[1]}%`;
    values.forEach((value, index) => (value.textContent = `${spoken(valueAt(chosen[index], part[index]))} ${chosen[index].unit}`));
  };
  const look = (index) => {
    part[index] = partOf(chosen[index], now.get(chosen[index].address));
    paint();
  };
  const put = ({ clientX, clientY }) => {
    const box = surface.getBoundingClientRect();
    const at = [(clientX - box.left) / box.width, (box.bottom - clientY) / box.height];
    at.forEach((one, index) => {
      part[index] = Math.min(1, Math.max(0, one));
      const value = valueAt(chosen[index], part[index]);
      connection.write(chosen[index].address, typesOf(chosen[index], [value]), [value]);
    });
    paint();
  };
  surface.addEventListener("pointerdown", (event) => {
    surface.setPointerCapture(event.pointerId);
    held = event.pointerId;
    put(event);
  });
  surface.addEventListener("pointermove", (event) => held === event.pointerId && put(event));
  for (const kind of ["pointerup", "pointercancel"]) surface.addEventListener(kind, () => (held = false));
  for (const one of numbers) {
    connection.on(one.address, (value) => {
      now.set(one.address, value);
      if (held === false) chosen.forEach((axis, index) => axis === one && look(index));
    });
  }
  [0, 1].forEach(look);
  return true;
}
