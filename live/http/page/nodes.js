// The nodes of the patch and the rooms of the engine, each a card of controls.

import { make, memory, the } from "./dom.js";
import { rowOf } from "./controls.js";
import { isFigure } from "./health.js";

/** What is the engine's own comes last, in this order; all but the models is closed at first. */
const ROOMS = ["window", "clock", "preset", "cue", "mapping", "midi", "session", "engine"];
const HUES = ["teal", "amber", "rose", "blue", "violet"];

/** Fills the page with a card per node. */
export function buildNodes(space, connection) {
  const nodes = new Map();
  for (const parameter of space) {
    if (!nodes.has(parameter.node)) nodes.set(parameter.node, []);
    nodes.get(parameter.node).push(parameter);
  }
  const isModel = (name) => nodes.get(name).some((parameter) => parameter.name === "step ms");
  const place = (name) => (isModel(name) ? -2 : ROOMS.indexOf(name));
  const names = [...nodes.keys()].sort((a, b) => place(a) - place(b));
  let hue = 0;
  const cards = names.map((name) => {
    const model = isModel(name);
    return cardOf(name, nodes.get(name), connection, model ? HUES[hue++ % HUES.length] : "", model);
  });
  the("nodes").replaceChildren(...cards);
}

function cardOf(name, parameters, connection, hue, model) {
  const heading = make("summary", {}, make("h2", {}, name));
  const buttons = make("div", { className: "buttons" });
  const rows = make("div", { className: "rows" });
  for (const parameter of parameters) {
    if (parameter.kind === "signal" || parameter.kind === "event" || told(parameter)) continue;
    const write = (...values) => connection.write(parameter.address, typesOf(parameter, values), values);
    const { row, show } = rowOf(parameter, write);
    if (parameter.kind === "pulse") {
      const button = row.querySelector("button");
      button.dataset.address = parameter.address;
      button.dataset.words = `${parameter.address} ${parameter.meaning}`.toLowerCase();
      buttons.append(button);
    } else {
      row.dataset.words = `${parameter.address} ${parameter.name} ${parameter.meaning}`.toLowerCase();
      rows.append(row);
    }
    if (parameter.values) show(...parameter.values);
    connection.on(parameter.address, show);
  }
  const state = parameters.find(({ name: part }) => part === "state");
  if (state) heading.append(stateOf(state, connection));
  const card = make("details", { className: `card node ${hue}` }, heading);
  if (buttons.children.length) card.append(buttons);
  card.append(rows);
  const kept = memory.get(`open ${name}`);
  card.open = kept === null ? model : kept === "yes";
  heading.addEventListener("click", () => memory.set(`open ${name}`, card.open ? "no" : "yes"));
  return card;
}

/** Whether something else of the page shows it: the heading, or the table of health. */
const told = (parameter) => !parameter.writable && (parameter.name === "state" || isFigure(parameter));

function stateOf(parameter, connection) {
  const state = make("output", { className: "state" });
  const show = (said) => {
    state.textContent = said;
    state.dataset.state = said;
  };
  show(...(parameter.values ?? [""]));
  connection.on(parameter.address, show);
  return state;
}

/** The types to write with: those declared, but as many as there are values. */
function typesOf(parameter, values) {
  return parameter.kind === "pulse" ? "I" : parameter.types.slice(0, values.length);
}

/** Shows only what has all the words in its address, name or meaning; cards that have any of it open. */
export function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  for (const card of the("nodes").children) {
    let any = false;
    for (const one of card.querySelectorAll("[data-words]")) {
      one.hidden = !words.every((word) => one.dataset.words.includes(word));
      any ||= !one.hidden;
    }
    card.hidden = !any;
    if (words.length) {
      card.dataset.was ??= card.open ? "open" : "closed";
      card.open = any;
    } else if (card.dataset.was) {
      card.open = card.dataset.was === "open";
      delete card.dataset.was;
    }
  }
}
