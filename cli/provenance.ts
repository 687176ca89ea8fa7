/** Tells whether a file is a result of this program, as the metadata of every result says. @module */

/** The mark of a result: a PNG text, and an XMP property in JPEG and WebP. */
const PNG_MARK = "Software\0srzoo ", XMP_MARK = 'Software="srzoo ';

/** How many parts of a file are read, and how many bytes of each: files of other programs may have any number. */
const MOST_PARTS = 10_000, MOST_BYTES = 65_536;

/** Whether a PNG, JPEG or WebP file was written by this program; false if it cannot be read. */
export async function isOwnResult(path: string): Promise<boolean> {
  try {
    using file = await Deno.open(path);
    const head = await bytesAt(file, 0, 12);
    const start = ascii(head);
    if (start.startsWith("PNG", 1)) return await hasMark(file, pngTexts(file), PNG_MARK);
    if (start.startsWith("RIFF")) return await hasMark(file, webpTexts(file), XMP_MARK);
    const isJpeg = head[0] === 0xff && head[1] === 0xd8;
    return isJpeg && await hasMark(file, jpegTexts(file), XMP_MARK);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false;
  }
}

/** A part of a file. */
interface Part {
  at: number;
  length: number;
  holdsText: boolean;
}

async function hasMark(
  file: Deno.FsFile,
  parts: AsyncGenerator<Part>,
  mark: string,
): Promise<boolean> {
  let count = 0;
  for await (const { at, length, holdsText } of parts) {
    if (++count > MOST_PARTS) return false;
    if (!holdsText) continue;
    const bytes = await bytesAt(file, at, Math.min(length, MOST_BYTES));
    if (ascii(bytes).includes(mark)) return true;
  }
  return false;
}

/** Chunks of a PNG file before its pixels: length, name, content, checksum. */
async function* pngTexts(file: Deno.FsFile): AsyncGenerator<Part> {
  for (let at = 8;;) {
    const head = await bytesAt(file, at, 8);
    if (head.length < 8) return;
    const length = new DataView(head.buffer).getUint32(0);
    const name = ascii(head.subarray(4));
    if (name === "IDAT" || name === "IEND") return;
    yield { at: at + 8, length, holdsText: name === "tEXt" || name === "iTXt" };
    at += length + 12;
  }
}

/** Segments of a JPEG file before its pixels: marker, length that includes itself, content. */
async function* jpegTexts(file: Deno.FsFile): AsyncGenerator<Part> {
  for (let at = 2;;) {
    const head = await bytesAt(file, at, 4);
    const [prefix, marker] = head;
    if (head.length < 4 || prefix !== 0xff || marker === 0xda) return;
    const length = new DataView(head.buffer).getUint16(2);
    yield { at: at + 4, length: length - 2, holdsText: marker === 0xe1 };
    at += length + 2;
  }
}

/** Chunks of a WebP file: name, length, content, and padding to an even length. */
async function* webpTexts(file: Deno.FsFile): AsyncGenerator<Part> {
  for (let at = 12;;) {
    const head = await bytesAt(file, at, 8);
    if (head.length < 8) return;
    const length = new DataView(head.buffer).getUint32(4, true);
    yield { at: at + 8, length, holdsText: ascii(head.subarray(0, 4)) === "XMP " };
    at += 8 + length + length % 2;
  }
}

/** Up to `length` bytes at an offset of a file; fewer at its end. */
async function bytesAt(
  file: Deno.FsFile,
  at: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  await file.seek(at, Deno.SeekMode.Start);
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const read = await file.read(bytes.subarray(filled));
    if (read === null) break;
    filled += read;
  }
  return bytes.slice(0, filled);
}

function ascii(bytes: Uint8Array): string {
  return new TextDecoder("ascii").decode(bytes);
}
