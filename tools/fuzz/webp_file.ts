/** Well-formed WebP files with odd content: every chunk and the file itself have their lengths. @module */

import { joined } from "../../lib/bytes.ts";
import {
  riffChunks,
  type WebpChunk,
  webpChunks,
  webpFile,
} from "../../lib/image/files/containers/webp.ts";
import { type Bytes, mutated, randomBytes } from "./bytes.ts";
import { oneOf, rearranged, wholeWithin } from "./part.ts";

/** Bytes of an `ANMF` chunk before the frame's own chunks. */
const FRAME_HEADER = 16;

/** Bytes before the coded data of a chunk, which hold sizes and flags. */
const HEADS: Readonly<Record<string, number>> = { "VP8L": 5, "VP8 ": 10, "ALPH": 1, "ANMF": 16 };

/** One change of the chunks of a file. */
type Change = (chunks: WebpChunk[], random: () => number) => WebpChunk[];

const changes: readonly Change[] = [
  // the coded data, without the bytes before it
  (chunks, random) =>
    changeOne(chunks, random, (data, head) => {
      const rest = data.slice(head);
      return joined([data.subarray(0, head), mutated(rest, random, rest)]);
    }),
  (chunks, random) => changeOne(chunks, random, (data) => mutated(data, random, data)),
  // one byte of a chunk's head: flags, sizes, places
  (chunks, random) =>
    changeOne(chunks, random, (data) => {
      const changed = data.slice();
      const at = wholeWithin(random, 0, Math.min(data.length, 30) - 1);
      if (at >= 0) changed[at] = wholeWithin(random, 0, 255);
      return changed;
    }),
  // a chunk twice, elsewhere, or not at all
  (chunks, random) => rearranged(chunks, random, 0, chunks.length),
  // one more chunk
  (chunks, random) => {
    const type = oneOf(random, ["ICCP", "EXIF", "XMP ", "ALPH", "ANIM", "VP8X", "JUNK"]);
    const length = type === "VP8X" ? 10 : wholeWithin(random, 0, 300);
    const at = wholeWithin(random, 0, chunks.length);
    return chunks.toSpliced(at, 0, { type, data: randomBytes(random, length) });
  },
];

/** Changes the content of one chunk; in a frame, usually that of a chunk inside it. */
function changeOne(
  chunks: WebpChunk[],
  random: () => number,
  change: (data: Bytes, head: number) => Bytes,
): WebpChunk[] {
  const at = wholeWithin(random, 0, chunks.length - 1);
  const { type, data } = chunks[at];
  if (type === "ANMF" && data.length > FRAME_HEADER && random() < 0.7) {
    try {
      const inner = changeOne(riffChunks(data.slice(FRAME_HEADER)), random, change);
      const content = webpFile(inner).slice(12);
      return chunks.with(at, { type, data: joined([data.subarray(0, FRAME_HEADER), content]) });
    } catch {
      return chunks; // an earlier change broke the frame
    }
  }
  return chunks.with(at, { type, data: change(data.slice(), HEADS[type] ?? 0) });
}

/** The file after one or two changes. */
export function oddWebp(bytes: Bytes, random: () => number): Bytes {
  let chunks = webpChunks(bytes);
  for (let i = wholeWithin(random, 1, 2); i > 0 && chunks.length > 0; i--) {
    chunks = oneOf(random, changes)(chunks, random);
  }
  return webpFile(chunks);
}
