// The control page: connects, builds a control for each of the engine's parameters, and updates the bar at the top.

import { the } from "./dom.js";
import { Connection } from "./connection.js";
import { Keys } from "./keys.js";
import { Learn } from "./learn.js";
import { buildNodes, search, showNodes } from "./nodes.js";
import { buildHealth, readErrors, showError } from "./health.js";
import { buildPad } from "./pad.js";
import { buildPlay } from "./play.js";
import { buildShow } from "./show.js";
import { Roll } from "./roll.js";
import { Stage } from "./stage.js";
import { buildTabs, PLAY, REST, SHOW } from "./tabs.js";
import { toast } from "./toast.js";

const ANSWER_MS = 2000;
const connection = new Connection();
const roll = new Roll(the("roll"));
const stage = new Stage(the("stage"), the("full"), connection);
const learn = new Learn(the("learn"), the("hint"), connection);
const keys = new Keys(the("keys"), connection);
let known = "";
let panicking = 0;

connection.addEventListener("state", ({ detail: connected }) => {
  document.body.classList.toggle("away", !connected);
  the("state").textContent = connected ? "connected" : "no connection";
  stage.connected(connected);
  roll.clear();
  if (connected) readErrors();
});

connection.addEventListener("space", ({ detail: space }) => {
  const shape = JSON.stringify(space.map((parameter) => ({ ...parameter, values: undefined })));
  if (shape !== known) build(space);
  known = shape;
});

function build(space) {
  const here = new Map(space.map((parameter) => [parameter.address, parameter]));
  connection.forget();
  const hues = buildNodes(space, connection);
  buildShow(here, connection);
  buildHealth(space, connection);
  const first = (here.get("/engine/controls")?.values?.[0] ?? "").split("\n");
  const views = [
    ...(buildPlay(here, hues, connection) ? [[PLAY, ""]] : []),
    ...(buildPad(space, first, connection) ? [["Pad", ""]] : []),
    ...(keys.follow(space) ? [["Keys", ""]] : []),
    ...hues,
    [SHOW, ""],
    [REST, ""],
  ];
  buildTabs(views, (name) => {
    if (hues.has(name)) showNodes((node) => node === name, true);
    else showNodes((node) => (name === REST ? !hues.has(node) : name === PLAY), false);
  });
  roll.follow(space, connection);
  stage.follow(here);
  learn.follow(here);
  buildBar(here);
  search(the("search").value);
}

function buildBar(here) {
  connection.on("/engine/state", (state) => (the("state").textContent = state));
  connection.on("/engine/error", (sentence) => showError(sentence));
  connection.on("/engine/refused", (sender, sentence) => showError(`${sender}: ${sentence}`));
  connection.on("/clock/tempo", (bpm) => (the("bpm").textContent = `${Math.round(bpm)} bpm`));
  connection.on("/clock/beat", (beat) => the("beat").style.setProperty("--beat", 1 - (beat % 1)));
  for (const [id, address] of [["blackout", "/engine/blackout"], ["silence", "/midi/silence"]]) {
    const button = the(id);
    button.hidden = !here.has(address);
    const show = (on) => button.setAttribute("aria-pressed", Boolean(on));
    show(here.get(address)?.values?.[0]);
    connection.on(address, show);
  }
}

function press(id, address, on, off) {
  the(id).addEventListener("click", ({ currentTarget }) => {
    const yes = currentTarget.getAttribute("aria-pressed") !== "true";
    connection.write(address, "T", [yes]);
    toast(yes ? on : off);
  });
}

// The engine answers in order: its pong confirms that the panic sent before the ping has been carried out.
the("panic").addEventListener("click", () => {
  clearTimeout(panicking);
  const sent = connection.send("/midi/panic", "I", []) && connection.send("/ping", "s", ["panic"]);
  panicking = setTimeout(() => toast("No answer from the engine."), sent ? ANSWER_MS : 0);
});
connection.on("/pong", (about) => {
  if (about !== "panic") return;
  clearTimeout(panicking);
  toast("Panic: all notes have ended. The piece continues.");
});
the("home").addEventListener("click", () => {
  if (connection.send("/engine/home", "", [])) toast("Home: every parameter is reset to its value in the patch.");
});
press("blackout", "/engine/blackout", "Blackout: the window is black until you press again.", "The blackout is over.");
press("silence", "/midi/silence", "Silence: nothing plays until you press again.", "The silence is over.");
the("search").addEventListener("input", ({ currentTarget }) => search(currentTarget.value));
if (location.search) history.replaceState(null, "", "/"); // removes the token, which the cookie holds, from the address
connection.on("/error", (address, sentence) => { // errors of the connection; those of messages arrive at /engine/refused
  if (address.startsWith("#websocket")) showError(sentence, address);
});
connection.start();
