// The small picture of the stage. A click opens it in full screen, where mouse, pens and fingers draw on it.

import { toast } from "./toast.js";
import { Trace } from "./trace.js";

const EVERY_MS = 250;
const FINGERS = 16;
/** The eraser's bit in `event.buttons` (W3C Pointer Events, section 10.1.3). */
const ERASER = 32;

/** Requests a small picture four times a second while the page is visible, and the stream while the stage is open. */
export class Stage {
  #here = false;
  #asking = 0;
  #pen = null;
  #fingers = new Map();

  constructor(section, full, connection) {
    this.section = section;
    this.small = section.querySelector("img");
    this.full = full;
    this.large = full.querySelector("img");
    this.undo = full.querySelector(".undo");
    this.trace = new Trace(full.querySelector("canvas"));
    this.connection = connection;
    this.small.addEventListener("load", () => this.#again());
    this.small.addEventListener("error", () => this.#again(4 * EVERY_MS));
    document.addEventListener("visibilitychange", () => this.#again(0));
    section.querySelector("button").addEventListener("click", () => this.#open());
    full.querySelector(".close").addEventListener("click", () => this.#close());
    this.undo.addEventListener("click", () => connection.write(`/${this.#pen.node}/undo_stroke`, "I", []));
    full.addEventListener("close", () => this.#closed());
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.large.addEventListener(kind, (event) => this.#draw(event));
    }
  }

  /** Sets whether the engine is connected; without a connection the last picture is removed, because it is out of date. */
  connected(here) {
    this.#here = here;
    this.#fingers.clear();
    if (!here) this.small.removeAttribute("src");
    if (this.full.open) this.large.src = here ? this.#streamed() : "";
    this.#again(0);
  }

  /** Chooses the node that is drawn on, and sets the picture's aspect ratio before it loads, so that nothing below moves. */
  follow(here) {
    const [width, height] = ["width", "height"].map((name) => here.get(`/window/${name}`)?.values?.[0]);
    this.section.hidden = !width;
    if (width) this.small.style.aspectRatio = `${width} / ${height}`;
    this.#pen = [...here.values()].find(({ kind, name }) => kind === "event" && name === "pen") ?? null;
    for (const element of [this.section, this.full]) element.classList.toggle("paper", this.#pen !== null);
    this.full.classList.toggle("wide", width > height);
    this.#explain(here.get("/engine/withheld"));
    this.undo.hidden = !here.has(`/${this.#pen?.node}/undo_stroke`);
    this.#again(0);
  }

  /** Says in the picture's place why it is without the camera. */
  #explain(parameter) {
    if (!parameter) return;
    const show = (sentence) => {
      for (const element of [this.section, this.full]) {
        const line = element.querySelector(".withheld");
        line.textContent = sentence;
        line.hidden = !sentence;
      }
    };
    show(...(parameter.values ?? [""]));
    this.connection.on(parameter.address, show);
  }

  #open() {
    this.large.src = this.#streamed();
    this.full.showModal();
    this.full.requestFullscreen?.().catch(() => {}); // a phone may not allow it; the dialog fills the page anyway
    if (this.#pen) toast("Draw on the picture, with one finger or several.");
  }

  #close() {
    if (document.fullscreenElement) document.exitFullscreen();
    this.full.close();
  }

  #closed() {
    for (const id of [...this.#fingers.keys()]) this.#lift(id);
    this.large.removeAttribute("src"); // ends the stream
    this.#again(0);
  }

  #streamed() {
    return `/stream.mjpg?${performance.now() | 0}`;
  }

  #again(after = EVERY_MS) {
    clearTimeout(this.#asking);
    if (!this.#here || document.hidden || this.full.open) return;
    this.#asking = setTimeout(() => (this.small.src = `/-/stage.jpg?${performance.now() | 0}`), after);
  }

  #draw(event) {
    if (!this.#pen) return;
    const id = event.pointerId;
    if (event.type === "pointerdown") {
      event.preventDefault();
      this.large.setPointerCapture(id);
      const free = [...Array(FINGERS).keys()].find((number) => ![...this.#fingers.values()].some(({ finger }) => finger === number));
      if (free === undefined) return;
      this.#fingers.set(id, { finger: free, at: [0, 0] });
    }
    const held = this.#fingers.get(id);
    if (!held) return;
    if (event.type === "pointerup" || event.type === "pointercancel") return this.#lift(id);
    for (const one of event.getCoalescedEvents?.().length ? event.getCoalescedEvents() : [event]) {
      held.at = this.#place(one);
      if (event.buttons & ERASER) this.connection.send(`/${this.#pen.node}/erase`, "ff", held.at);
      else {
        this.trace.add(id, one, event.type === "pointerdown");
        this.#send(held, 1, event.pointerType === "pen" ? one.pressure : 1);
      }
    }
  }

  #lift(id) {
    const held = this.#fingers.get(id);
    this.#fingers.delete(id);
    if (held) this.#send(held, 0);
  }

  #send({ finger, at }, down, pressure = 1) {
    this.connection.send(this.#pen.address, "fffif", [...at, down, finger, pressure]);
  }

  /** A pointer's position on the paper: the picture is letterboxed in its element, and may be rotated clockwise. */
  #place({ clientX, clientY }) {
    const box = this.large.getBoundingClientRect();
    const { naturalWidth: width, naturalHeight: height } = this.large;
    const [across, down] = [clientX - box.left - box.width / 2, clientY - box.top - box.height / 2];
    const turned = this.full.classList.contains("wide") && matchMedia("(orientation: portrait)").matches;
    const [x, y] = turned ? [down, -across] : [across, down];
    const scale = (turned ? Math.min(box.height / width, box.width / height) : Math.min(box.width / width, box.height / height)) || 1;
    const half = (Math.min(width, height) * scale) / 2 || 1;
    return [x / half, y / half];
  }
}
