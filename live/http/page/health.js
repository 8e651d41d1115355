// The state of the engine: rates and step times of every node, devices, errors.

import { make, the } from "./dom.js";
import { spoken } from "./parameters.js";

const MOST_ERRORS = 20;
const FIGURES = [
  ["rate", ["notes per second", "fps", "points per second"]],
  ["step", ["step ms", "draw ms"]],
  ["late", ["late ms"]],
];
const DEVICES = ["port", "in ports", "device", "source"];

/** Whether the table shows a parameter. */
export const isFigure = (parameter) => FIGURES.some(([, names]) => names.includes(parameter.name));

/** Fills the table and the list of devices. */
export function buildHealth(space, connection) {
  const health = the("health");
  const nodes = [...new Set(space.map(({ node }) => node))];
  const rows = nodes.map((node) => rowOf(space.filter((one) => one.node === node), node, connection));
  const head = make("tr", {}, make("th", { "aria-label": "node" }), ...FIGURES.map(([name]) => make("th", {}, name)));
  health.querySelector("tbody").replaceChildren(head, ...rows.filter(Boolean));
  const devices = space.filter((one) => one.kind === "text" && !one.writable && DEVICES.includes(one.name));
  health.querySelector("dl").replaceChildren(...devices.flatMap((one) => deviceOf(one, connection)));
  showKeeps(space.find(({ address }) => address === "/engine/keeps"), connection);
}

/** Shows which pictures and drawings the engine stores. */
function showKeeps(parameter, connection) {
  if (!parameter) return;
  const show = (sentences) => {
    the("keeps").textContent = sentences;
    the("keeps").hidden = !sentences;
  };
  show(...(parameter.values ?? [""]));
  connection.on(parameter.address, show);
}

function rowOf(parameters, node, connection) {
  const cells = FIGURES.map(([, names]) => {
    const one = parameters.find(({ name }) => names.includes(name));
    if (!one) return make("td");
    const cell = make("td", { title: one.meaning });
    const show = (value) => (cell.textContent = `${spoken(value)} ${one.unit}`);
    show(...(one.values ?? [0]));
    connection.on(one.address, show);
    return cell;
  });
  return cells.some((cell) => cell.textContent) ? make("tr", {}, make("th", {}, node), ...cells) : null;
}

function deviceOf(parameter, connection) {
  const text = make("dd");
  const show = (name) => (text.textContent = name || "none");
  show(...(parameter.values ?? [""]));
  connection.on(parameter.address, show);
  return [make("dt", { title: parameter.meaning }, `${parameter.node} ${parameter.name}`), text];
}

/** Puts a sentence at the top of the errors. */
export function showError(sentence, address = "", date = new Date().toTimeString().slice(0, 8)) {
  const errors = the("errors");
  errors.prepend(make("li", { title: address }, make("time", {}, date), ` ${sentence}`));
  while (errors.children.length > MOST_ERRORS) errors.lastChild.remove();
}

/** Reads the errors that occurred before this page was opened. */
export async function readErrors() {
  const answer = await fetch("/-/errors").catch(() => null);
  if (!answer?.ok) return;
  the("errors").replaceChildren();
  for (const { date, sentence } of await answer.json()) showError(sentence, "", date.slice(11).replaceAll(".", ":"));
}
