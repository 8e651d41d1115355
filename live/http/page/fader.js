// A fader: an element whose width is a value's range. A finger that scrolls the page never moves one.

const SLOP_PX = 8;

/**
 * Calls `put(part)` as an element is dragged sideways; `partNow()` gives where it stands, 0 to 1, and `held(yes)` says
 * whether it is held. A mouse or pen takes hold where it is pressed. A finger takes hold once it has moved further
 * sideways than up or down, and moves the value by as much as it moves itself; a tap sets the value to its place.
 * The element needs `touch-action: pan-y`: then the browser scrolls for a finger that moves up or down, and cancels it.
 */
export function fader(element, { put, partNow, held }) {
  let drag = null;
  let dragged = false;
  const partAt = ({ clientX }) => {
    const box = element.getBoundingClientRect();
    return Math.min(1, Math.max(0, (clientX - box.left) / box.width));
  };
  const take = (event) => {
    drag.taken = true;
    element.setPointerCapture(event.pointerId);
    held(true);
  };
  element.addEventListener("pointerdown", (event) => {
    if (drag || event.button > 0) return;
    drag = { id: event.pointerId, x: event.clientX, y: event.clientY, part: partNow(), taken: false, touch: event.pointerType === "touch" };
    if (drag.touch) return;
    event.preventDefault(); // the focus goes to the input by hand, and no text is selected
    element.querySelector("input")?.focus({ preventScroll: true });
    take(event);
    put(partAt(event));
  });
  element.addEventListener("pointermove", (event) => {
    if (drag?.id !== event.pointerId) return;
    const x = Math.abs(event.clientX - drag.x);
    if (!drag.taken) {
      if (x <= SLOP_PX || x <= Math.abs(event.clientY - drag.y)) return;
      take(event);
      drag.x = event.clientX;
    }
    if (!drag.touch) put(partAt(event));
    else put(Math.min(1, Math.max(0, drag.part + (event.clientX - drag.x) / element.getBoundingClientRect().width)));
  });
  const end = (event) => {
    if (drag?.id !== event.pointerId) return;
    const { taken, touch, part } = drag;
    dragged = taken;
    drag = null;
    if (!taken) return;
    if (event.type === "pointercancel" && touch) put(part); // the browser scrolls after all
    held(false);
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  // A click, and not the finger's leaving: a browser makes none where the tap has only stopped the page from rolling on.
  element.addEventListener("click", (event) => {
    if (event.pointerType === "touch" && !dragged) put(partAt(event));
  });
}
