// The connection to the engine: address space by HTTP, values in both directions by WebSocket. Reconnects automatically.

import { decode, encode } from "./osc.js";
import { parametersOf } from "./parameters.js";

const FRAME_MS = 16;
const RETRY_MS = 1000;
const ANSWERS = ["/error", "/pong"];

/** Fires "space" with all parameters whenever they change, and "state" with whether it is connected. */
export class Connection extends EventTarget {
  #socket = null;
  #listeners = new Map();
  #waiting = new Map();
  #flushing = 0;
  #asking = 0;

  /** Connects, and reconnects whenever the connection is lost. */
  start() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/`);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.#socket = socket;
      this.#fire("state", true);
      this.#ask();
    };
    socket.onmessage = ({ data }) => (typeof data === "string" ? this.#command(data) : this.#receive(data));
    socket.onclose = () => {
      this.#socket = null;
      this.#fire("state", false);
      setTimeout(() => this.start(), RETRY_MS);
    };
  }

  /** Calls back with the values of every message at an address. */
  on(address, callback) {
    if (!this.#listeners.has(address)) this.#listeners.set(address, new Set());
    this.#listeners.get(address).add(callback);
  }

  /** Removes all callbacks, except those for answers to this page. */
  forget() {
    for (const address of this.#listeners.keys()) if (!ANSWERS.includes(address)) this.#listeners.delete(address);
  }

  /** Writes to an address: the newest value, at most sixty times a second. */
  write(address, types, values) {
    this.#waiting.set(address, encode(address, types, values));
    this.#flushing ||= setTimeout(() => this.#flush(), FRAME_MS);
  }

  /** Sends a message now, after the pending values, so that no key or pen event is lost. False without a connection. */
  send(address, types, values) {
    this.#flush();
    this.#socket?.send(encode(address, types, values));
    return this.#socket !== null;
  }

  #flush() {
    clearTimeout(this.#flushing);
    this.#flushing = 0;
    for (const packet of this.#waiting.values()) this.#socket?.send(packet);
    this.#waiting.clear();
  }

  #receive(buffer) {
    const [address, values] = decode(buffer);
    for (const callback of this.#listeners.get(address) ?? []) callback(...values);
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
      this.#fire("space", space);
      for (const parameter of space) {
        this.#socket?.send(JSON.stringify({ COMMAND: "LISTEN", DATA: parameter.address }));
      }
    } catch {
      // the engine has stopped; the socket notices it too, and the space is requested again after a reconnect
    }
  }

  #fire(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
