// A vector as bars side by side: painted by dragging, a tap is all or nothing. Twelve pitch classes lie as on a keyboard.

import { make } from "./dom.js";
import { partOf, spoken, valueAt } from "./parameters.js";

const BLACK = [1, 3, 6, 8, 10];
const TAP_PX = 5;

/** {element, show(...values)}; `write(...values)` takes all of the vector. */
export function bars(parameter, write) {
  const keyboard = parameter.components.length === 12 && parameter.components[1] === "c_sharp";
  let now = parameter.components.map(() => parameter.low ?? 0);
  let held = null;

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
  /** The cell that a pointer is over, or would be if it were at the same height. */
  const under = ({ clientX, clientY }) => {
    const boxes = cells.map((cell) => cell.getBoundingClientRect());
    const far = ({ top, bottom }) => Math.max(0, top - clientY, clientY - bottom);
    const column = boxes.filter((box) => clientX >= box.left && clientX < box.right).sort((a, b) => far(a) - far(b));
    return [boxes.indexOf(column[0]), column[0]];
  };

  element.addEventListener("pointerdown", (event) => {
    if (!cells.some((cell) => cell.contains(event.target))) return;
    held = { x: event.clientX, y: event.clientY, moved: false };
    element.setPointerCapture(event.pointerId);
  });
  element.addEventListener("pointermove", (event) => {
    if (!held) return;
    held.moved ||= Math.hypot(event.clientX - held.x, event.clientY - held.y) > TAP_PX;
    const [index, box] = under(event);
    if (held.moved && box) put(index, (box.bottom - event.clientY) / box.height);
  });
  element.addEventListener("pointerup", (event) => {
    const [index, box] = under(event);
    if (held && !held.moved && box) put(index, partOf(parameter, now[index]) > 0.5 ? 0 : 1);
    held = null;
  });
  element.addEventListener("pointercancel", () => (held = null));

  const show = (...values) => {
    if (held) return;
    now = values;
    paint();
  };
  return { element, show, group: true };
}
