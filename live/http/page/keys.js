// A multi-touch keyboard that plays a node with `source=Keys(…)`. The lower a key is touched, the louder it sounds.

import { make, memory, the } from "./dom.js";

const BLACK = [1, 3, 6, 8, 10];
const NAMES = ["C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B"];
const SOFTEST = 25;
const LOUDEST = 120;
const TURNS = { nobody: "your turn", performer: "your turn", pianist: "the piano plays", both: "you play together" };

/** The keyboard and its range. */
export class Keys {
  #fingers = new Map();
  #target = null;
  #low = 48;

  constructor(section, connection) {
    this.section = section;
    this.connection = connection;
    this.board = make("div", { className: "board", "aria-label": "Keyboard" });
    this.board.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      event.target.releasePointerCapture?.(event.pointerId); // so that a finger slides to the next key
      this.#move(event);
    });
    this.board.addEventListener("pointermove", (event) => this.#fingers.has(event.pointerId) && this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) window.addEventListener(kind, ({ pointerId }) => this.#lift(pointerId));
    for (const kind of ["blur", "pagehide"]) window.addEventListener(kind, () => this.release());
    document.addEventListener("visibilitychange", () => this.release());
    this.board.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** Builds the keyboard for the nodes that can be played; false where there are none. */
  follow(space) {
    const playable = space.filter(({ kind, name }) => kind === "event" && name === "play").map(({ node }) => node);
    this.release();
    this.#target = playable.includes(memory.get("keys")) ? memory.get("keys") : playable[0];
    if (!playable.length) return false;
    const list = make("select", { "aria-label": "Node that is played" }, ...playable.map((node) => make("option", {}, node)));
    list.value = this.#target;
    list.addEventListener("change", () => {
      this.release();
      this.#target = list.value;
      memory.set("keys", list.value);
    });
    const shift = (text, by, label) => {
      const button = make("button", { type: "button", "aria-label": label }, text);
      button.addEventListener("click", () => {
        this.release();
        this.#low = Math.min(96, Math.max(24, this.#low + by));
        this.#build();
      });
      return button;
    };
    const bar = make("div", { className: "keys-bar" }, list, shift("−", -12, "An octave lower"), this.#range, shift("+", 12, "An octave higher"));
    const turn = make("output", { className: "turn" });
    const turns = space.find(({ address }) => address === `/${this.#target}/whose_turn`);
    if (turns) {
      const show = (who) => (turn.textContent = TURNS[who] ?? "");
      show(turns.values?.[0]);
      this.connection.on(turns.address, show);
    }
    this.section.replaceChildren(bar, this.board, turn);
    this.#build();
    return true;
  }

  #range = make("output");

  #build() {
    const octaves = window.innerWidth < 700 ? 1 : 2;
    const keys = [];
    for (let pitch = this.#low; pitch <= this.#low + 12 * octaves; pitch += 1) {
      const black = BLACK.includes(pitch % 12);
      const name = `${NAMES[pitch % 12]}${Math.floor(pitch / 12) - 1}`;
      const key = make("div", { className: black ? "key black" : "key", "aria-label": name }, pitch % 12 ? "" : make("span", {}, name));
      key.dataset.pitch = pitch;
      keys.push(key);
    }
    const white = keys.filter((key) => !key.classList.contains("black")).length;
    let at = 0;
    for (const key of keys) {
      const black = key.classList.contains("black");
      key.style.left = `${(100 * (black ? at - 0.32 : at)) / white}%`;
      key.style.width = `${(100 * (black ? 0.64 : 1)) / white}%`;
      if (!black) at += 1;
    }
    this.board.replaceChildren(...keys);
    this.#range.textContent = `${keys[0].getAttribute("aria-label")}–${keys.at(-1).getAttribute("aria-label")}`;
  }

  #move(event) {
    const key = document.elementFromPoint(event.clientX, event.clientY)?.closest(".key");
    const before = this.#fingers.get(event.pointerId);
    if (before === key && this.#fingers.has(event.pointerId)) return;
    this.#fingers.set(event.pointerId, key ?? null);
    if (before) this.#release(before);
    if (!key) return;
    const box = key.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (event.clientY - box.top) / box.height));
    this.#send(Number(key.dataset.pitch), Math.round(SOFTEST + (LOUDEST - SOFTEST) * part));
    key.classList.add("down");
  }

  #lift(id) {
    const key = this.#fingers.get(id);
    this.#fingers.delete(id);
    if (key) this.#release(key);
  }

  /** Releases a key that a finger has just left, unless another finger holds it. */
  #release(key) {
    if ([...this.#fingers.values()].includes(key)) return;
    key.classList.remove("down");
    this.#send(Number(key.dataset.pitch), 0);
  }

  /** Releases every key. */
  release() {
    for (const id of [...this.#fingers.keys()]) this.#lift(id);
  }

  #send(pitch, velocity) {
    this.connection.send(`/${this.#target}/play`, "ii", [pitch, velocity]);
  }
}
