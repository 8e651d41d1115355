// The tabs: one view at a time. The first view, the pad, the keyboard, each node, the show, and the rest.

import { make, memory, the } from "./dom.js";

/** The controls that the piece chooses, and all others below them, collapsed. */
export const PLAY = "Play";
/** Presets and cues; a wide page always shows them. */
export const SHOW = "Show";
/** The last tab. */
export const REST = "More";

/** Builds the tabs. `views` are [name, hue] in their order; `shown(name)` is called with the one chosen. */
export function buildTabs(views, shown) {
  const bar = the("tabs");
  const names = views.map(([name]) => name);
  const choose = (name, button) => {
    memory.set("tab", name);
    [...bar.children].forEach((one) => one.setAttribute("aria-selected", one === button));
    document.body.dataset.tab = name;
    shown(name);
    button.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  const buttons = views.map(([name, hue]) => {
    const button = make("button", { type: "button", role: "tab", className: `${hue}${name === SHOW ? " show-tab" : ""}` }, name);
    button.addEventListener("click", () => {
      choose(name, button);
      window.scrollTo(0, 0);
    });
    return button;
  });
  bar.replaceChildren(...buttons);
  const kept = memory.get("tab");
  const at = names.includes(kept) ? names.indexOf(kept) : 0;
  choose(names[at], buttons[at]);
}
