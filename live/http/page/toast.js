// A sentence at the lower edge that goes by itself: what was done, or what a button means.

import { the } from "./dom.js";

const SHOWN_MS = 3500;
let going = 0;

/** Shows a sentence for some seconds. */
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
