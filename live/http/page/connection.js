// The connection to the engine: the address space by HTTP, values both ways by WebSocket, and back again when it is lost.

import { decode, encode } from "./osc.js";
import { parametersOf } from "./parameters.js";

const FRAME_MS = 16;
const RETRY_MS = 1000;

/** Says "space" with all parameters whenever they are others, "state" with whether it is connected. */
export class Connection extends EventTarget {
  #socket = null;
  #hearers = new Map();
  #waiting = new Map();
  #flushing = 0;
  #asking = 0;

  /** Connects, and stays connected. */
  start() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#socket = socket;
      this.#say("state", true);
      this.#ask();
    };
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.#command(data) : this.#hear(data));
    socket.onclose = () => {
      this.#socket = null;
      this.#say("state", false);
      setTimeout(() => this.start(), RETRY_MS);
    };
  }

  /** Calls back with the values of every message at an address. */
  on(address, hear) {
    if (!this.#hearers.has(address)) this.#hearers.set(address, new Set());
    this.#hearers.get(address).add(hear);
  }

  /** Forgets who was called back for which address, except for "/error". */
  forget() {
    for (const address of this.#hearers.keys()) if (address !== "/error") this.#hearers.delete(address);
  }

  /** Writes to an address; of a value only the newest is sent, sixty times a second. */
  write(address, types, values) {
    this.#waiting.set(address, encode(address, types, values));
    this.#flushing ||= setTimeout(() => this.#flush(), FRAME_MS);
  }

  #flush() {
    this.#flushing = 0;
    for (const packet of this.#waiting.values()) this.#socket?.send(packet);
    this.#waiting.clear();
  }

  #hear(buffer) {
    const [address, values] = decode(buffer);
    for (const hear of this.#hearers.get(address) ?? []) hear(...values);
  }

  #command(text) {
    if (!JSON.parse(text).COMMAND.startsWith("PATH_")) return;
    clearTimeout(this.#asking);
    this.#asking = setTimeout(() => this.#ask(), 150);
  }

  async #ask() {
    try {
      const answer = await fetch("/", { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const space = parametersOf(await answer.json());
      this.#say("space", space);
      for (const parameter of space) {
        this.#socket?.send(JSON.stringify({ COMMAND: "LISTEN", DATA: parameter.address }));
      }
    } catch {
      // the engine has just gone; the socket notices it, and asks again when it is back
    }
  }

  #say(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
