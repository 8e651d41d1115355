// A vector as bars side by side. Dragging sets their values, a tap switches between 0 and 1; twelve pitch classes are laid
// out like a keyboard. A touch that moves sideways or rests for REST_MS sets values; one that moves up or down scrolls.

import { make } from "./dom.js";
import { partOf, spoken, valueAt } from "./parameters.js";

const BLACK = [1, 3, 6, 8, 10];
const TAP_PX = 5;
const SLOP_PX = 8;
const REST_MS = 300;

/** {element, show(...values)}; `write(...values)` is called with the whole vector. */
export function bars(parameter, write) {
  const keyboard = parameter.components.length === 12 && parameter.components[1] === "c_sharp";
  let now = parameter.components.map(() => parameter.low ?? 0);
  let held = null;
  let dragged = false;

  const cells = parameter.components.map((component, index) => {
    const name = component.replaceAll("_sharp", "♯").replaceAll("_", " ");
    const cell = make(
      "div",
      {
        className: `bar-cell${keyboard && BLACK.includes(index) ? " black" : ""}`,
        role: "slider",
        tabIndex: 0,
        title: name,
        "aria-label": `${parameter.name}, ${name}`,
        "aria-valuemin": parameter.low,
        "aria-valuemax": parameter.high,
      },
      make("i"),
      make("span", {}, keyboard ? name.toUpperCase() : name),
    );
    cell.addEventListener("keydown", (event) => {
      const step = { ArrowUp: 0.05, ArrowRight: 0.05, ArrowDown: -0.05, ArrowLeft: -0.05, Home: -1, End: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      put(index, partOf(parameter, now[index]) + step);
    });
    return cell;
  });
  const element = make("div", { className: `bars${keyboard ? " keyboard" : ""}` }, ...cells);

  const paint = () =>
    cells.forEach((cell, index) => {
      cell.style.setProperty("--part", partOf(parameter, now[index]));
      cell.setAttribute("aria-valuenow", spoken(now[index]));
    });
  const put = (index, part) => {
    now = [...now];
    now[index] = valueAt(parameter, Math.min(1, Math.max(0, part)));
    paint();
    write(...now);
  };
  /** The cell in the pointer's column: the one under it, or the nearest above or below. */
  const under = ({ clientX, clientY }) => {
    const boxes = cells.map((cell) => cell.getBoundingClientRect());
    const far = ({ top, bottom }) => Math.max(0, top - clientY, clientY - bottom);
    const column = boxes.filter((box) => clientX >= box.left && clientX < box.right).sort((a, b) => far(a) - far(b));
    return [boxes.indexOf(column[0]), column[0]];
  };

  const take = (event) => {
    held.taken = true;
    element.classList.add("held");
    element.setPointerCapture(event.pointerId);
  };
  element.addEventListener("pointerdown", (event) => {
    if (held || !cells.some((cell) => cell.contains(event.target))) return;
    held = { id: event.pointerId, x: event.clientX, y: event.clientY, before: now, taken: false, moved: false };
    if (event.pointerType !== "touch") take(event);
    else held.resting = setTimeout(() => held && !held.moved && take(event), REST_MS);
  });
  element.addEventListener("pointermove", (event) => {
    if (held?.id !== event.pointerId) return;
    const [x, y] = [Math.abs(event.clientX - held.x), Math.abs(event.clientY - held.y)];
    held.moved ||= Math.hypot(x, y) > (held.taken ? TAP_PX : SLOP_PX);
    if (!held.taken && held.moved && x > y) take(event);
    const [index, box] = under(event);
    if (held.taken && held.moved && box) put(index, (box.bottom - event.clientY) / box.height);
  });
  // Prevents scrolling by a touch that has rested; the browser sends this event before it scrolls.
  element.addEventListener("touchmove", (event) => held?.taken && event.cancelable && event.preventDefault(), { passive: false });
  const end = (event) => {
    if (held?.id !== event.pointerId) return;
    const { taken, before, resting } = held;
    clearTimeout(resting);
    element.classList.remove("held");
    dragged = held.moved;
    held = null;
    if (event.type === "pointercancel" && taken) {
      now = before;
      paint();
      write(...now);
    }
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("click", (event) => {
    const [index, box] = under(event);
    if (!dragged && box && event.detail) put(index, partOf(parameter, now[index]) > 0.5 ? 0 : 1);
  });

  const show = (...values) => {
    if (held) return;
    now = values;
    paint();
  };
  return { element, show, group: true };
}
