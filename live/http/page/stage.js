// The small picture of the stage; a finger on it is a pen on the paper.

const EVERY_MS = 250;

/** Asks for a picture four times a second while somebody can see it. */
export class Stage {
  #here = false;
  #asking = 0;
  #pen = null;
  #held = false;

  constructor(section, connection) {
    this.section = section;
    this.image = section.querySelector("img");
    this.connection = connection;
    this.image.addEventListener("load", () => ((section.hidden = false), this.#again()));
    this.image.addEventListener("error", () => this.#again(4 * EVERY_MS));
    document.addEventListener("visibilitychange", () => this.#again(0));
    for (const kind of ["pointerdown", "pointermove", "pointerup", "pointercancel"]) {
      this.image.addEventListener(kind, (event) => this.#draw(event));
    }
  }

  /** The engine is there, or not. */
  connected(here) {
    this.#here = here;
    this.#again(0);
  }

  /** Which node's paper is drawn on. */
  follow(here) {
    this.#pen = [...here.values()].find(({ kind, name }) => kind === "event" && name === "pen") ?? null;
    this.image.classList.toggle("paper", this.#pen !== null);
    this.#again(0);
  }

  #again(after = EVERY_MS) {
    clearTimeout(this.#asking);
    if (!this.#here || document.hidden) return;
    this.#asking = setTimeout(() => (this.image.src = `/-/stage.jpg?${performance.now() | 0}`), after);
  }

  #draw(event) {
    if (!this.#pen || (event.type === "pointermove" && !this.#held)) return;
    if (event.type === "pointerdown") this.image.setPointerCapture(event.pointerId);
    this.#held = event.type === "pointerdown" || event.type === "pointermove";
    const box = this.image.getBoundingClientRect();
    const half = Math.min(box.width, box.height) / 2;
    const x = (event.clientX - box.left - box.width / 2) / half;
    const y = (event.clientY - box.top - box.height / 2) / half;
    this.connection.write(this.#pen.address, "fff", [x, y, this.#held ? 1 : 0]);
  }
}
