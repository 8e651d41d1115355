// The piano roll: the notes of the last seconds, from the nodes' signals; a performer's are white.

const SHOWN_MS = 12_000;
const FRAME_MS = 20;
const LOWEST = 21;
const HIGHEST = 108;
const SOFT_TO_LOUD = ["#3a63b8", "#3a80c4", "#56beb2", "#f0c85c", "#f6804a", "#fa5c68"];
const PERFORMER = "#ece7dc";

/** A canvas that scrolls while it has notes. */
export class Roll {
  #notes = [];
  #sounding = new Map();
  #seen = false;
  #drawing = 0;

  constructor(section) {
    this.section = section;
    this.canvas = section.querySelector("canvas");
    new IntersectionObserver(([entry]) => ((this.#seen = entry.isIntersecting), this.#draw())).observe(section);
  }

  /** Removes all notes: after a lost connection their ends never arrive. */
  clear() {
    this.#notes = [];
    this.#sounding.clear();
    this.#again();
  }

  /** Follows every node that plays notes. */
  follow(space, connection) {
    const voices = space.filter(({ kind, name, types }) => kind === "signal" && name === "note" && types === "iii");
    this.section.hidden = !voices.length;
    for (const { address } of voices) connection.on(address, (pitch, velocity, on) => this.#note(address, pitch, velocity, on));
    const performers = space.filter(({ kind, name, types }) => kind === "signal" && name === "heard" && types === "ii");
    for (const { address } of performers) {
      connection.on(address, (pitch, velocity) => this.#note(address, pitch, velocity, velocity > 0, PERFORMER));
    }
  }

  #note(voice, pitch, velocity, on, colour = SOFT_TO_LOUD[Math.min(5, Math.floor((velocity / 128) * 6))]) {
    const key = `${voice} ${pitch}`;
    const now = performance.now();
    const before = this.#sounding.get(key);
    if (before) before.end = now;
    this.#sounding.delete(key);
    if (on) {
      const note = { pitch, colour, start: now, end: Infinity };
      this.#sounding.set(key, note);
      this.#notes.push(note);
    }
    this.#again();
  }

  /** Draws 30 times a second: enough for this slow movement, and it saves time on the engine's machine. */
  #again() {
    this.#drawing ||= setTimeout(() => requestAnimationFrame(() => this.#draw()), FRAME_MS);
  }

  #draw() {
    this.#drawing = 0;
    const now = performance.now();
    this.#notes = this.#notes.filter(({ end }) => end > now - SHOWN_MS);
    if (!this.#seen) return;
    const { clientWidth, clientHeight } = this.canvas;
    const dots = window.devicePixelRatio;
    if (this.canvas.width !== Math.round(clientWidth * dots)) this.canvas.width = Math.round(clientWidth * dots);
    if (this.canvas.height !== Math.round(clientHeight * dots)) this.canvas.height = Math.round(clientHeight * dots);
    const pen = this.canvas.getContext("2d");
    pen.setTransform(dots, 0, 0, dots, 0, 0);
    pen.clearRect(0, 0, clientWidth, clientHeight);
    const height = clientHeight / (HIGHEST - LOWEST + 1);
    const top = (pitch) => (HIGHEST - pitch) * height;
    pen.fillStyle = "#1d1d25";
    for (let c = 24; c <= HIGHEST; c += 12) pen.fillRect(0, top(c) + height, clientWidth, 1);
    for (const { pitch, colour, start, end } of this.#notes) {
      const left = clientWidth * (1 - (now - start) / SHOWN_MS);
      const right = clientWidth * (1 - (now - Math.min(end, now)) / SHOWN_MS);
      pen.globalAlpha = end === Infinity ? 1 : 0.72;
      pen.fillStyle = colour;
      pen.beginPath();
      pen.roundRect(left, top(pitch), Math.max(2, right - left), Math.max(2.5, height - 0.5), 1.5);
      pen.fill();
    }
    pen.globalAlpha = 1;
    if (this.#notes.length) this.#again();
  }
}
