// Draws a touch's line immediately; the engine's picture with the actual line arrives later.

const STAYS_MS = 400;

/** Lines over the whole screen that fade away as the picture catches up with them. */
export class Trace {
  #points = [];
  #drawing = 0;

  constructor(canvas) {
    this.canvas = canvas;
  }

  /** Adds a point of a touch; `begins` is set for the first one of a line. */
  add(finger, { clientX: x, clientY: y }, begins) {
    this.#points.push({ finger, x, y, begins, at: performance.now() });
    this.#drawing ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const now = performance.now();
    this.#points = this.#points.filter(({ at }) => now - at < STAYS_MS);
    const { clientWidth, clientHeight } = this.canvas;
    Object.assign(this.canvas, { width: clientWidth, height: clientHeight });
    const pen = this.canvas.getContext("2d");
    Object.assign(pen, { lineWidth: 4, lineCap: "round", strokeStyle: "#fff" });
    const last = new Map();
    for (const point of this.#points) {
      const before = last.get(point.finger);
      last.set(point.finger, point);
      if (!before || point.begins) continue;
      pen.globalAlpha = 0.7 * (1 - (now - point.at) / STAYS_MS);
      pen.beginPath();
      pen.moveTo(before.x, before.y);
      pen.lineTo(point.x, point.y);
      pen.stroke();
    }
    this.#drawing = this.#points.length ? requestAnimationFrame(() => this.#draw()) : 0;
  }
}
