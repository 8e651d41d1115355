// The control page: connects, builds what the engine has, and keeps the bar at the top alive.

import { the } from "./dom.js";
import { Link } from "./link.js";
import { Learn } from "./learn.js";
import { buildNodes, search } from "./nodes.js";
import { buildHealth, readErrors, tellError } from "./health.js";
import { buildShow } from "./show.js";
import { Roll } from "./roll.js";
import { Stage } from "./stage.js";

const link = new Link();
const roll = new Roll(the("roll"));
const stage = new Stage(the("stage"), link);
const learn = new Learn(the("learn"), the("hint"), link);
let known = "";

link.addEventListener("state", ({ detail: here }) => {
  document.body.classList.toggle("away", !here);
  the("state").textContent = here ? "connected" : "no connection";
  stage.connected(here);
  if (here) readErrors();
});

link.addEventListener("space", ({ detail: space }) => {
  const shape = JSON.stringify(space.map((parameter) => ({ ...parameter, values: undefined })));
  if (shape !== known) build(space);
  known = shape;
});

function build(space) {
  const here = new Map(space.map((parameter) => [parameter.address, parameter]));
  link.forget();
  buildNodes(space, link);
  buildShow(here, link);
  buildHealth(space, link);
  roll.follow(space, link);
  stage.follow(here);
  learn.follow(here);
  buildBar(here);
  search(the("search").value);
}

function buildBar(here) {
  link.on("/engine/state", (state) => (the("state").textContent = state));
  link.on("/engine/error", (sentence) => tellError(sentence));
  link.on("/engine/refused", (sender, sentence) => tellError(`${sender}: ${sentence}`));
  link.on("/clock/tempo", (bpm) => (the("bpm").textContent = `${Math.round(bpm)} bpm`));
  link.on("/clock/beat", (beat) => the("beat").style.setProperty("--beat", 1 - (beat % 1)));
  const blackout = the("blackout");
  blackout.hidden = !here.has("/engine/blackout");
  link.on("/engine/blackout", (on) => blackout.setAttribute("aria-pressed", Boolean(on)));
}

the("panic").addEventListener("click", () => link.write("/midi/panic", "I", []));
the("blackout").addEventListener("click", ({ currentTarget }) => {
  link.write("/engine/blackout", "T", [currentTarget.getAttribute("aria-pressed") !== "true"]);
});
the("search").addEventListener("input", ({ currentTarget }) => search(currentTarget.value));
if (location.search) history.replaceState(null, "", "/"); // a token is kept as a cookie, and not for all to see
link.on("/error", (address, sentence) => { // of the connection; of messages, others' too, /engine/refused tells
  if (address.startsWith("#websocket")) tellError(sentence, address);
});
link.start();
