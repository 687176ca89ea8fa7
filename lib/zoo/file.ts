/** Reads local files up to a limit. @module */

import { fileFault } from "../file_fault.ts";
import { builtin } from "../platform.ts";

/** Bytes that are read at once. */
const PIECE = 2 ** 20;

/**
 * Reads a whole ordinary file.
 *
 * @param limit Largest number of bytes.
 * @throws {Error} If it is missing, larger, or not an ordinary file (a device or a pipe may have no end).
 */
export async function readFile(
  path: URL | string,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const { open, stat } = builtin("fs/promises");
  signal?.throwIfAborted();
  // Before it is opened: opening a pipe waits for a writer.
  const { size } = checked(await stat(path).catch(explain), limit);
  const file = await open(path, "r").catch(explain);
  try {
    checked(await file.stat(), limit);
    let bytes = new Uint8Array(size + 1);
    let length = 0;
    for (;;) {
      signal?.throwIfAborted();
      const wanted = Math.min(PIECE, bytes.length - length);
      const { bytesRead } = await file.read(bytes, length, wanted, length);
      if (bytesRead === 0) return bytes.subarray(0, length);
      length += bytesRead;
      if (length > limit) throw tooLarge(limit);
      // A file that grows, or that says it is empty, as those of /proc do.
      if (length === bytes.length) bytes = enlarged(bytes, limit + 1);
    }
  } finally {
    await file.close();
  }
}

/** The used part of a file's state. */
interface State {
  size: number;
  isFile(): boolean;
}

function checked(state: State, limit: number): State {
  if (!state.isFile()) throw new Error("it is not an ordinary file");
  if (state.size > limit) throw tooLarge(limit);
  return state;
}

function explain(error: Error): never {
  throw fileFault(error);
}

function tooLarge(limit: number): RangeError {
  return new RangeError(`it has more than ${limit} bytes`);
}

function enlarged(bytes: Uint8Array, limit: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.min(limit, Math.max(2 * bytes.length, 4096)));
  larger.set(bytes);
  return larger;
}
