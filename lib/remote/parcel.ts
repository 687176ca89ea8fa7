/** Packs values for another thread, to which their buffers are moved instead of copied. @module */

import { isAlone } from "../tensor/tensor.ts";

/** Typed arrays that can be sent. */
const ARRAYS = { Float32Array, Uint8Array, Uint8ClampedArray };

/** A typed array on its way; threads of Node in Deno would copy it byte by byte, but move its buffer at once. */
interface PackedArray {
  /** Its class. */
  typedArray: keyof typeof ARRAYS;
  /** Its values and nothing else. */
  buffer: ArrayBuffer;
}

/** A value on its way. */
export interface Parcel {
  /** The value, with other objects in place of its typed arrays. */
  content: unknown;
  /** Objects that are moved with it. */
  transfer: (ArrayBuffer | ImageBitmap)[];
}

/** How {@linkcode pack} packs. */
export interface PackOptions {
  /**
   * Whether the typed arrays are given away, and empty afterwards; otherwise they are copied. Bitmaps are always given away.
   *
   * @default {false}
   */
  isGift?: boolean;
}

/**
 * Packs a value: objects, arrays and typed arrays, and whatever structured clones can hold.
 *
 * @throws {TypeError} If it has a function or a symbol; the message says where.
 */
export function pack(value: unknown, { isGift = false }: PackOptions = {}): Parcel {
  const transfer = new Set<ArrayBuffer | ImageBitmap>();

  function array(values: Float32Array | Uint8Array | Uint8ClampedArray): PackedArray {
    const [, typedArray] = tagOf(values).match(/^\[object (\w+)\]$/)!;
    const { buffer: own } = values;
    const isMoved = isGift && own instanceof ArrayBuffer && isAlone(values) && !transfer.has(own);
    const buffer = (isMoved ? values : values.slice()).buffer as ArrayBuffer;
    transfer.add(buffer);
    return { typedArray: typedArray as keyof typeof ARRAYS, buffer };
  }

  function walk(part: unknown, path: readonly string[]): unknown {
    if (typeof part === "function" || typeof part === "symbol") {
      throw new TypeError(
        `Cannot send ${path.join(".") || "the value"} to the worker: it is a ${typeof part}`,
      );
    }
    if (typeof part !== "object" || part === null) return part;
    if (isArray(part)) return array(part);
    if (Array.isArray(part)) return part.map((item, i) => walk(item, [...path, `${i}`]));
    if (tagOf(part) === "[object ImageBitmap]") transfer.add(part as ImageBitmap);
    if (tagOf(part) !== "[object Object]") return part;
    const entries = Object.entries(part).map(([name, item]) => [name, walk(item, [...path, name])]);
    return Object.fromEntries(entries);
  }

  return { content: walk(value, []), transfer: [...transfer] };
}

/** The value that was packed. */
export function unpack(content: unknown): unknown {
  if (typeof content !== "object" || content === null) return content;
  if (Array.isArray(content)) return content.map(unpack);
  if (tagOf(content) !== "[object Object]") return content;
  if ("typedArray" in content) {
    const { typedArray, buffer } = content as PackedArray;
    return new ARRAYS[typedArray](buffer);
  }
  return Object.fromEntries(Object.entries(content).map(([name, item]) => [name, unpack(item)]));
}

function isArray(part: object): part is Float32Array | Uint8Array | Uint8ClampedArray {
  return ArrayBuffer.isView(part) && Object.hasOwn(ARRAYS, tagOf(part).slice(8, -1));
}

/** By its tag, since another window has classes of its own. */
function tagOf(part: object): string {
  return Object.prototype.toString.call(part);
}
