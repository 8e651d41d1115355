// A fader: an element whose width is a value's range. Scrolling the page by touch never moves it.

const SLOP_PX = 8;

/**
 * Calls `put(part)`, 0 to 1, while an element is dragged sideways, and `held(yes)` when a drag begins and ends;
 * `partNow()` returns the current part. A mouse or pen drags from where it is pressed. A touch drags once it has moved
 * further sideways than up or down, and changes the value relatively; a tap sets the value at its position. The element
 * needs `touch-action: pan-y`: for a vertical touch the browser then scrolls and sends `pointercancel`.
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
    event.preventDefault(); // prevents the selection of text; the input is focused below
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
  // Not `pointerup`: a tap that only stops the page's inertial scrolling sends no click.
  element.addEventListener("click", (event) => {
    if (event.pointerType === "touch" && !dragged) put(partAt(event));
  });
}
