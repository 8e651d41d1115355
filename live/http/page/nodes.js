// The nodes of the patch and the services of the engine, each a card of controls.

import { make, the } from "./dom.js";
import { rowOf } from "./controls.js";
import { isFigure } from "./health.js";
import { typesOf } from "./parameters.js";

/** The engine's own cards come last, in this order, and are closed at first. */
const SERVICES = ["window", "clock", "preset", "cue", "mapping", "midi", "session", "engine"];
const HUES = ["teal", "amber", "rose", "blue", "violet"];

/** Builds a card per node; returns the hue of each model's node, by its name. */
export function buildNodes(space, connection) {
  const nodes = new Map();
  for (const parameter of space) {
    if (!nodes.has(parameter.node)) nodes.set(parameter.node, []);
    nodes.get(parameter.node).push(parameter);
  }
  const isModel = (name) => nodes.get(name).some((parameter) => parameter.name === "step ms");
  const place = (name) => (isModel(name) ? -2 : SERVICES.indexOf(name));
  const names = [...nodes.keys()].sort((a, b) => place(a) - place(b));
  const hues = new Map(names.filter(isModel).map((name, index) => [name, HUES[index % HUES.length]]));
  the("nodes").replaceChildren(...names.map((name) => cardOf(name, nodes.get(name), connection, hues.get(name))));
  return hues;
}

/** Shows the cards of the nodes for which `chosen` is true, all `open` or all collapsed; a search shows every match. */
export function showNodes(chosen, open) {
  for (const card of the("nodes").children) {
    card.classList.toggle("off", !chosen(card.dataset.node));
    if (open !== undefined) card.open = open;
  }
}

function cardOf(name, parameters, connection, hue) {
  const heading = make("summary", {}, make("h2", {}, name));
  const buttons = make("div", { className: "buttons" });
  const rows = make("div", { className: "rows" });
  const groups = groupsOf(parameters);
  for (const parameter of parameters) {
    if (parameter.kind === "signal" || parameter.kind === "event" || elsewhere(parameter)) continue;
    const write = (...values) => connection.write(parameter.address, typesOf(parameter, values), values);
    const { row, show } = rowOf(parameter, write);
    if (parameter.kind === "pulse") {
      const button = row.querySelector("button");
      button.dataset.address = parameter.address;
      button.dataset.words = `${parameter.address} ${parameter.meaning}`.toLowerCase();
      buttons.append(button);
    } else {
      row.dataset.words = `${parameter.address} ${parameter.name} ${parameter.meaning}`.toLowerCase();
      (groups.get(groupOf(parameter))?.lastChild ?? rows).append(row);
    }
    if (parameter.values) show(...parameter.values);
    connection.on(parameter.address, show);
  }
  const state = parameters.find(({ name: part }) => part === "state");
  if (state) heading.append(stateOf(state, connection));
  const card = make("details", { className: `card node ${hue ?? ""}` }, heading);
  card.dataset.node = name;
  if (buttons.children.length) card.append(buttons);
  card.append(rows, ...groups.values());
  return card;
}

const groupOf = ({ address }) => address.split("/").slice(2, -1).join(" ");

/** A collapsed part of the card for each group of at least four addresses, such as /window/mesh/…. */
function groupsOf(parameters) {
  const counts = new Map();
  for (const parameter of parameters) counts.set(groupOf(parameter), (counts.get(groupOf(parameter)) ?? 0) + 1);
  const large = [...counts].filter(([name, count]) => name && count >= 4);
  return new Map(large.map(([name]) => [name, make("details", { className: "group" }, make("summary", {}, name), make("div", { className: "rows" }))]));
}

/** Whether the heading or the health table shows the parameter instead of a card. */
const elsewhere = (parameter) => !parameter.writable && (parameter.name === "state" || isFigure(parameter));

function stateOf(parameter, connection) {
  const state = make("output", { className: "state" });
  const show = (text) => {
    state.textContent = text;
    state.dataset.state = text;
  };
  show(...(parameter.values ?? [""]));
  connection.on(parameter.address, show);
  return state;
}

/** Shows only controls with all the words in their address, name or meaning; opens the cards that contain any. */
export function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  document.body.classList.toggle("searching", words.length > 0);
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
      for (const group of card.querySelectorAll(".group")) {
        group.open = [...group.querySelectorAll("[data-words]")].some((one) => !one.hidden);
        group.hidden = !group.open;
      }
    } else if (card.dataset.was) {
      for (const group of card.querySelectorAll(".group")) group.open = group.hidden = false;
      card.open = card.dataset.was === "open";
      delete card.dataset.was;
    }
  }
}
