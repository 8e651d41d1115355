// Short functions that create elements.

/** An element with properties (or attributes, where a name has a dash) and children. */
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

/** Calls back when a button is pressed a second time within three seconds; until then the button asks to confirm. */
export function twice(button, act) {
  if (button.dataset.sure) return act();
  button.dataset.sure = button.textContent;
  button.textContent = "really?";
  setTimeout(() => {
    button.textContent = button.dataset.sure;
    delete button.dataset.sure;
  }, 3000);
}

/** Stores settings in this browser, if it allows that. */
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
      // a private window without storage
    }
  },
};
