/** zlib streams through the platform's own compressor. @module */

import { joined } from "../../../bytes.ts";
import { DecodeError } from "../../../errors.ts";

/** What {@linkcode inflate} found. */
export interface Inflated {
  /** Unpacked bytes, no more than the limit. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** False where the stream held more than the limit. */
  readonly complete: boolean;
}

/** Compresses parts, taken one after the other, to one zlib stream. */
export async function deflate(
  parts: Iterator<Uint8Array<ArrayBuffer>>,
): Promise<Uint8Array<ArrayBuffer>> {
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const { value, done } = parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const packed = source.pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/**
 * Unpacks the zlib stream that `parts` hold together.
 *
 * @param limit Bytes after which unpacking stops, so that a small file cannot fill the memory.
 * @throws {DecodeError} If the stream is damaged or truncated.
 */
export async function inflate(
  parts: readonly Uint8Array<ArrayBuffer>[],
  limit: number,
): Promise<Inflated> {
  const reader = new Blob([...parts]).stream().pipeThrough(new DecompressionStream("deflate"))
    .getReader();
  const pieces: Uint8Array[] = [];
  let room = limit;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      pieces.push(next.value.subarray(0, room));
      if (next.value.length > room) {
        await reader.cancel();
        return { bytes: joined(pieces), complete: false };
      }
      room -= next.value.length;
    }
  } catch (cause) {
    throw new DecodeError("Cannot unpack the compressed data: it is damaged or truncated", {
      cause,
    });
  }
  return { bytes: joined(pieces), complete: true };
}
