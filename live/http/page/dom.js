// Making elements in few words.

/** An element: its properties, or attributes where the name has a dash, and what is in it. */
export function make(tag, properties = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "for") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...inside);
  return element;
}

/** The element with an id. */
export const the = (id) => document.getElementById(id);

/** Does something when a button is pressed a second time within three seconds; until then it asks. */
export function twice(button, act) {
  if (button.dataset.sure) return act();
  button.dataset.sure = button.textContent;
  button.textContent = "really?";
  setTimeout(() => {
    button.textContent = button.dataset.sure;
    delete button.dataset.sure;
  }, 3000);
}

/** Remembers small things on this device, where that is allowed. */
export const memory = {
  get(key) {
    try {
      return localStorage.getItem(`arabesque ${key}`);
    } catch {
      return null;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`arabesque ${key}`, value);
    } catch {
      // a private window: nothing is kept
    }
  },
};
