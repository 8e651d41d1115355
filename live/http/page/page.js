// The control page: connects, builds what the engine has, and keeps the bar at the top alive.

import { the } from "./dom.js";
import { Connection } from "./connection.js";
import { Learn } from "./learn.js";
import { buildNodes, search } from "./nodes.js";
import { buildHealth, readErrors, tellError } from "./health.js";
import { buildShow } from "./show.js";
import { Roll } from "./roll.js";
import { Stage } from "./stage.js";

const connection = new Connection();
const roll = new Roll(the("roll"));
const stage = new Stage(the("stage"), connection);
const learn = new Learn(the("learn"), the("hint"), connection);
let known = "";

connection.addEventListener("state", ({ detail: here }) => {
  document.body.classList.toggle("away", !here);
  the("state").textContent = here ? "connected" : "no connection";
  stage.connected(here);
  if (here) readErrors();
});

connection.addEventListener("space", ({ detail: space }) => {
  const shape = JSON.stringify(space.map((parameter) => ({ ...parameter, values: undefined })));
  if (shape !== known) build(space);
  known = shape;
});

function build(space) {
  const here = new Map(space.map((parameter) => [parameter.address, parameter]));
  connection.forget();
  buildNodes(space, connection);
  buildShow(here, connection);
  buildHealth(space, connection);
  roll.follow(space, connection);
  stage.follow(here);
  learn.follow(here);
  buildBar(here);
  search(the("search").value);
}

function buildBar(here) {
  connection.on("/engine/state", (state) => (the("state").textContent = state));
  connection.on("/engine/error", (sentence) => tellError(sentence));
  connection.on("/engine/refused", (sender, sentence) => tellError(`${sender}: ${sentence}`));
  connection.on("/clock/tempo", (bpm) => (the("bpm").textContent = `${Math.round(bpm)} bpm`));
  connection.on("/clock/beat", (beat) => the("beat").style.setProperty("--beat", 1 - (beat % 1)));
  const blackout = the("blackout");
  blackout.hidden = !here.has("/engine/blackout");
  connection.on("/engine/blackout", (on) => blackout.setAttribute("aria-pressed", Boolean(on)));
}

the("panic").addEventListener("click", () => connection.write("/midi/panic", "I", []));
the("blackout").addEventListener("click", ({ currentTarget }) => {
  connection.write("/engine/blackout", "T", [currentTarget.getAttribute("aria-pressed") !== "true"]);
});
the("search").addEventListener("input", ({ currentTarget }) => search(currentTarget.value));
if (location.search) history.replaceState(null, "", "/"); // a token is kept as a cookie, and not for all to see
connection.on("/error", (address, sentence) => { // of the connection; of messages, others' too, /engine/refused tells
  if (address.startsWith("#websocket")) tellError(sentence, address);
});
connection.start();
