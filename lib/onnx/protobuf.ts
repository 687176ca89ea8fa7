/** The part of protocol buffers that ONNX files need: fields by number, in order. @module */

import { joined } from "../bytes.ts";

/** One field of a message: a number, bytes (a string, a message, packed numbers), or 4 or 8 bytes, given only as `raw`. */
export interface Field {
  /** Its number. */
  readonly id: number;
  /** The whole field as it stands in the message. */
  readonly raw: Uint8Array;
  /** Value of a varint field. */
  readonly number?: number;
  /** Value of a length-delimited field. */
  readonly bytes?: Uint8Array;
}

/** Reads the fields of a message. */
export function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0, weight = 1, byte: number;
    do {
      byte = message[at++];
      value += (byte & 127) * weight;
      weight *= 128;
    } while (byte > 127);
    return value;
  };
  while (at < message.length) {
    const start = at;
    const raw = () => message.subarray(start, at);
    const key = varint();
    const [id, kind] = [Math.floor(key / 8), key % 8];
    if (kind === 0) {
      const from = at;
      varint();
      const number = signed(message.subarray(from, at));
      yield { id, number, raw: raw() };
    } else if (kind === 1 || kind === 5) {
      at += kind === 1 ? 8 : 4;
      yield { id, raw: raw() };
    } else if (kind === 2) {
      const length = varint();
      const bytes = message.subarray(at, at += length);
      yield { id, bytes, raw: raw() };
    } else throw new SyntaxError(`Cannot read the ONNX file: wire type ${kind} at byte ${at}`);
  }
}

const decoder = new TextDecoder();

/** The texts of all fields with this number. */
export function strings(message: Uint8Array, id: number): string[] {
  return messages(message, id).map((bytes) => decoder.decode(bytes));
}

/** The messages in all fields with this number. */
export function messages(message: Uint8Array, id: number): Uint8Array[] {
  return [...fields(message)].filter((field) => field.id === id && field.bytes)
    .map((field) => field.bytes!);
}

/** The number in a field; the last one counts. */
export function numberOf(message: Uint8Array, id: number): number | undefined {
  return [...fields(message)].findLast((field) => field.id === id)?.number;
}

/** The numbers of a packed list. */
export function varints(bytes: Uint8Array): number[] {
  const values: number[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] > 127) continue;
    values.push(signed(bytes.subarray(from, at + 1)));
    from = at + 1;
  }
  return values;
}

/** A varint as an integer of 64 bits, where the negative ones take ten bytes. */
function signed(varint: Uint8Array): number {
  if (varint.length < 8) return varint.reduceRight((sum, byte) => sum * 128 + (byte & 127), 0);
  const bits = varint.reduceRight((sum, byte) => sum << 7n | BigInt(byte & 127), 0n);
  return Number(BigInt.asIntN(64, bits));
}

/** Writes one field: a number as varint, a text, or bytes. */
export function field(id: number, value: number | string | Uint8Array): Uint8Array {
  if (typeof value === "number") return joined([varint(id * 8), varint(value)]);
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return joined([varint(id * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) + 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}
