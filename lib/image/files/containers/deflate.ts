/** zlib streams through the platform's own compressor. @module */

import { joined } from "../../../bytes.ts";
import { DecodeError } from "../../../errors.ts";
import { builtin, onServer } from "../../../platform.ts";

/** Result of {@linkcode inflate}. */
export interface Inflated {
  /** Unpacked bytes, no more than the limit. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** False if the stream held more than the limit. */
  readonly complete: boolean;
}

/** Fraction by which run-length compression may make a stream longer, since it takes a third of the time. */
const WORTH = 1.15;

/** Bytes of a piece of the result: larger ones are joined with less work. */
const PIECE = 2 ** 18;

/**
 * Compresses parts, taken one after the other, to the pieces of one zlib stream.
 *
 * @param sample A typical part: if searching only for runs of one byte makes it hardly
 * longer, as in photographs, only runs are searched for in all parts. Needs Node's compressor, which has this option.
 */
export async function deflate(
  parts: Iterator<Uint8Array<ArrayBuffer>>,
  sample?: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>[]> {
  if (onServer) return await deflateByNode(parts, sample);
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const { value, done } = parts.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
  const packed = source.pipeThrough(new CompressionStream("deflate"));
  return [new Uint8Array(await new Response(packed).arrayBuffer())];
}

async function deflateByNode(
  parts: Iterator<Uint8Array<ArrayBuffer>>,
  sample?: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const { constants, createDeflate, deflateSync } = builtin("zlib");
  const runsOnly = { level: 1, strategy: constants.Z_RLE }, thorough = { level: 4 };
  const isNoisy = sample !== undefined &&
    deflateSync(sample, runsOnly).length <= WORTH * deflateSync(sample, thorough).length;
  const stream = createDeflate({ ...isNoisy ? runsOnly : thorough, chunkSize: PIECE });
  const packed: Uint8Array<ArrayBuffer>[] = [];
  const done = new Promise<void>((resolve, reject) => {
    stream.on("data", (piece: Uint8Array<ArrayBuffer>) => packed.push(piece)).on("end", resolve)
      .on("error", reject);
  });
  try {
    for (let next = parts.next(); !next.done; next = parts.next()) {
      const { value } = next;
      await new Promise<void>((resolve) => stream.write(value, () => resolve()));
    }
    stream.end();
    await done;
    return packed;
  } finally {
    stream.destroy();
  }
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
