// MIDI learn: touch a control here, then turn a knob or press a key there.

const ADDRESS = "/midi/learn";

/** The mode, its button and its hint. */
export class Learn {
  #here = false;

  constructor(button, hint, connection) {
    this.button = button;
    this.hint = hint;
    this.connection = connection;
    button.addEventListener("click", () => this.#set(button.getAttribute("aria-pressed") !== "true"));
    document.addEventListener("pointerdown", (event) => this.#touch(event), { capture: true });
    document.addEventListener("click", (event) => this.#stop(event), { capture: true });
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.#on() && this.#set(false));
  }

  /** Shows the button if the engine has MIDI learn. */
  follow(here) {
    this.#here = here.has(ADDRESS);
    this.button.hidden = !this.#here;
    this.connection.on(ADDRESS, (waiting) => {
      for (const one of document.querySelectorAll(".learning")) one.classList.toggle("learning", one.dataset.address === waiting);
    });
    this.connection.on("/midi/learnt", (address, control) => {
      if (this.#on()) this.#hint(`${address} follows ${control}. Touch the next control, or end with Learn or Escape.`);
    });
  }

  #on() {
    return document.body.classList.contains("learn");
  }

  #set(on) {
    document.body.classList.toggle("learn", on);
    this.button.setAttribute("aria-pressed", on);
    this.#hint(on ? "Touch a control here, then move a knob or press a key of your MIDI device." : "");
    if (!on) this.connection.write(ADDRESS, "s", [""]);
    if (!on) document.querySelectorAll(".learning").forEach((one) => one.classList.remove("learning"));
  }

  #hint(text) {
    this.hint.textContent = text;
    this.hint.hidden = !text;
  }

  #touch(event) {
    const control = event.target.closest("[data-address]");
    if (!this.#on() || !control) return;
    event.preventDefault();
    document.querySelectorAll(".learning").forEach((one) => one.classList.remove("learning"));
    control.classList.add("learning");
    this.connection.write(ADDRESS, "s", [control.dataset.address]);
    this.#hint(`${control.dataset.address} waits for a knob or a key.`);
  }

  #stop(event) {
    if (this.#on() && event.target.closest("[data-address]")) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
}
