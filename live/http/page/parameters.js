// The parameters of the engine, from their OSCQuery description.

/** All parameters and signals, in the order of their declaration. */
export function parametersOf(space) {
  const found = [];
  const walk = (node) => {
    if (node.TYPE) found.push(parameterOf(node));
    const inside = node.TAGS?.[0] === "vector" ? [] : Object.values(node.CONTENTS ?? {});
    inside.forEach(walk);
  };
  walk(space);
  return found;
}

function parameterOf(node) {
  const [node_name, ...rest] = node.FULL_PATH.slice(1).split("/");
  const range = node.RANGE?.[0] ?? {};
  return {
    address: node.FULL_PATH,
    node: node_name,
    name: rest.join(" ").replaceAll("_", " "),
    kind: node.TAGS?.[0] ?? "signal",
    types: node.TYPE,
    readable: (node.ACCESS & 1) !== 0,
    writable: (node.ACCESS & 2) !== 0,
    meaning: node.DESCRIPTION ?? "",
    unit: node.UNIT?.[0] ?? "",
    low: range.MIN,
    high: range.MAX,
    log: node.CURVE?.[0] === "log",
    choices: range.VALS ?? [],
    components: node.COMPONENTS ?? [],
    initial: node.DEFAULT_VALUE,
    values: node.VALUE,
  };
}

/** The OSC types of a message: the declared ones, cut to the number of values. */
export function typesOf(parameter, values) {
  return parameter.kind === "pulse" ? "I" : parameter.types.slice(0, values.length);
}

/** A value's position in its range, 0 to 1, along the parameter's curve. */
export function partOf(parameter, value) {
  const { low, high, log } = parameter;
  if (high === low) return 0;
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** The value at a position in the range, 0 to 1. */
export function valueAt(parameter, part) {
  const { low, high, log, kind } = parameter;
  const value = log ? low * (high / low) ** part : low + (high - low) * part;
  return kind === "int" ? Math.round(value) : value;
}

/** A value as text, with the digits that matter. */
export function spoken(value) {
  if (typeof value !== "number") return String(value ?? "");
  if (Number.isInteger(value) || Math.abs(value) >= 1000) return String(Math.round(value));
  const digits = Math.abs(value) >= 100 ? 1 : Math.abs(value) >= 10 ? 2 : 3;
  return String(Number(value.toFixed(digits)));
}
