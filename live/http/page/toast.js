// A message at the lower edge that disappears after some seconds: what was done, or what a button does.

import { the } from "./dom.js";

const SHOWN_MS = 3500;
let going = 0;

/** Shows a message for SHOWN_MS. */
export function toast(sentence) {
  const element = the("toast");
  element.textContent = sentence;
  element.hidden = false;
  element.hidePopover?.();
  element.showPopover?.(); // above the stage when it fills the screen
  clearTimeout(going);
  going = setTimeout(() => {
    element.hidePopover?.();
    element.hidden = true;
  }, SHOWN_MS);
}
