// OSC messages as bytes, with the types that the engine and this page send.

const utf8 = { encoder: new TextEncoder(), decoder: new TextDecoder() };

const padded = (size) => (size + 4) & ~3;

function text(bytes) {
  const whole = new Uint8Array(padded(bytes.length));
  whole.set(bytes);
  return whole;
}

/** The packet of a message; one type per argument: "f", "i", "s", "T" (a boolean) or "I" (no argument). */
export function encode(address, types, values) {
  const tags = [...types].map((type, index) => (type === "T" && !values[index] ? "F" : type)).join("");
  const parts = [text(utf8.encoder.encode(address)), text(utf8.encoder.encode("," + tags))];
  [...types].forEach((type, index) => {
    const number = new DataView(new ArrayBuffer(4));
    if (type === "s") parts.push(text(utf8.encoder.encode(values[index])));
    if (type === "i") number.setInt32(0, Math.round(values[index]));
    if (type === "f") number.setFloat32(0, values[index]);
    if (type === "i" || type === "f") parts.push(new Uint8Array(number.buffer));
  });
  const packet = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((at, part) => (packet.set(part, at), at + part.length), 0);
  return packet;
}

/** [address, arguments] of a message. */
export function decode(buffer) {
  const view = new DataView(buffer);
  let at = 0;
  const read = () => {
    let end = at;
    while (view.getUint8(end)) end += 1;
    const result = utf8.decoder.decode(new Uint8Array(buffer, at, end - at));
    at += padded(end - at);
    return result;
  };
  const address = read();
  const values = [];
  for (const type of read().slice(1)) {
    if (type === "s") values.push(read());
    else if (type === "T" || type === "I") values.push(true);
    else if (type === "F") values.push(false);
    else {
      values.push(type === "f" ? view.getFloat32(at) : view.getInt32(at));
      at += 4;
    }
  }
  return [address, values];
}
