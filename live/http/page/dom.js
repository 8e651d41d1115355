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
