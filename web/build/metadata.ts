/**
 * Reads the metadata properties of an ONNX file, which ONNX Runtime Web gives no access to.
 *
 * A model file is a protobuf message; field 14 of it is repeated and holds a key (field 1) and a value (field 2).
 */
const PROPERTIES = 14;
const BYTES = 2;

export function readProperties(file: Uint8Array): Record<string, string> {
  const properties: [string, string][] = [];
  for (const [field, content] of fields(file)) {
    if (field !== PROPERTIES) continue;
    const pair = new Map(fields(content));
    properties.push([text(pair.get(1)), text(pair.get(2))]);
  }
  return Object.fromEntries(properties); // unlike an assignment, it takes "__proto__" for a name like any other
}

function text(content: Uint8Array | undefined): string {
  return new TextDecoder().decode(content);
}

/** The length-delimited fields of a message, in order; the others are passed over. */
function* fields(message: Uint8Array): Generator<[number, Uint8Array]> {
  let place = 0;
  const number = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = message[place++];
      if (byte === undefined) throw new Error("not an ONNX file: it ends in the middle of a number");
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (place < message.length) {
    const tag = number();
    const kind = tag % 8;
    if (kind === BYTES) {
      const length = number();
      if (place + length > message.length) throw new Error("not an ONNX file: a field is longer than the file");
      yield [Math.floor(tag / 8), message.subarray(place, place + length)];
      place += length;
    } else if (kind === 0) number();
    else if (kind === 1) place += 8;
    else if (kind === 5) place += 4;
    else throw new Error(`not an ONNX file: a field of kind ${kind}`);
  }
}
