/**
 * Whether the coded data of a JPEG file are complete. Decoders fill missing parts with gray, so that half an
 * image would pass for a whole one.
 *
 * @module
 */

/** One component of a frame. */
export interface Component {
  /** Its identifier. */
  readonly id: number;
  /** Its samples across, relative to the other components. */
  readonly across: number;
  /** Its samples down, relative to the other components. */
  readonly down: number;
}

/** The frame that scans belong to. */
export interface Frame {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Whether it is coded in several passes over the image. */
  readonly progressive: boolean;
  /** Its components. */
  readonly components: readonly Component[];
}

/** Everything that says how one scan is coded. */
export interface Scan {
  /** The content of its SOS segment. */
  readonly header: Uint8Array;
  /** Its coded data up to the next marker, including restart markers. */
  readonly coded: Uint8Array;
  /** The content of each Huffman table by class and number, as in the first byte of its definition. */
  readonly tables: ReadonlyMap<number, Uint8Array>;
  /** MCUs between two restart markers; 0 for none. */
  readonly interval: number;
}

/** Why the walk through a scan ended. */
class ScanEnd extends Error {
  readonly why: "exhausted" | "damaged";
  constructor(why: "exhausted" | "damaged") {
    super(why);
    this.why = why;
  }
}

/**
 * Whether a scan has data for all of its blocks. Also true if that is unknown: passes that refine others
 * depend on them, and the decoder refuses damaged codes.
 */
export function isComplete(frame: Frame, scan: Scan): boolean {
  try {
    walk(frame, scan);
    return true;
  } catch (error) {
    if (error instanceof ScanEnd) return error.why === "damaged";
    throw error;
  }
}

/** Walks over every block of a scan. */
function walk(frame: Frame, { header, coded, tables, interval }: Scan): void {
  const count = header[0];
  if (header.length < 4 + 2 * count) throw new ScanEnd("damaged");
  const [first, last, approximation] = header.subarray(1 + 2 * count);
  const refines = approximation >> 4 > 0;
  if (frame.progressive && refines && first > 0) return;
  const parts = Array.from({ length: count }, (_, i) => {
    const component = frame.components.find(({ id }) => id === header[1 + 2 * i]);
    if (!component) throw new ScanEnd("damaged");
    const numbers = header[2 + 2 * i];
    return { component, dc: numbers >> 4, ac: 0x10 | numbers & 15 };
  });
  const reader = new BitReader(coded);
  const codes = new Map<number, Uint16Array>();
  const codesOf = (number: number): Uint16Array => {
    const known = codes.get(number) ?? codesIn(tables.get(number));
    codes.set(number, known);
    return known;
  };
  const skipBlock = frame.progressive ? progressiveBlock : sequentialBlock;
  const blocks = parts.flatMap(({ component, dc, ac }) =>
    Array.from(
      { length: count === 1 ? 1 : component.across * component.down },
      () => ({ dc, ac }),
    )
  );
  const most = unitsOf(frame, parts.map(({ component }) => component));
  let run = 0; // blocks to come that are known to be empty
  for (let unit = 0; unit < most; unit++) {
    if (interval > 0 && unit > 0 && unit % interval === 0) {
      reader.restart();
      run = 0;
    }
    if (run > 0) {
      const untilRestart = interval > 0 ? interval - unit % interval : Infinity;
      const skipped = Math.min(run, untilRestart);
      run -= skipped;
      unit += skipped - 1;
      continue;
    }
    for (const { dc, ac } of blocks) {
      run = skipBlock(reader, { first, last, refines, dc, ac, codesOf });
    }
  }
}

/** How the blocks of a scan are coded. */
interface Coding {
  first: number;
  last: number;
  refines: boolean;
  dc: number;
  ac: number;
  codesOf: (number: number) => Uint16Array;
}

/** Skips a block of a sequential scan; no run follows it. */
function sequentialBlock(reader: BitReader, { dc, ac, codesOf }: Coding): number {
  reader.skip(reader.symbol(codesOf(dc)));
  const codes = codesOf(ac);
  for (let k = 1; k < 64; k++) {
    const symbol = reader.symbol(codes);
    const size = symbol & 15, zeros = symbol >> 4;
    if (size === 0 && zeros < 15) break;
    reader.skip(size);
    k += zeros;
  }
  return 0;
}

/** Skips a block of a progressive scan; returns how many empty blocks follow it. */
function progressiveBlock(reader: BitReader, coding: Coding): number {
  const { first, last, refines, codesOf } = coding;
  if (first === 0) {
    reader.skip(refines ? 1 : reader.symbol(codesOf(coding.dc)));
    return 0;
  }
  const codes = codesOf(coding.ac);
  for (let k = first; k <= last; k++) {
    const symbol = reader.symbol(codes);
    const size = symbol & 15, zeros = symbol >> 4;
    if (size === 0 && zeros < 15) return (1 << zeros) - 1 + reader.bits(zeros);
    reader.skip(size);
    k += zeros;
  }
  return 0;
}

/** MCUs of a scan: blocks, if it holds only one component. */
function unitsOf({ width, height, components }: Frame, parts: readonly Component[]): number {
  const across = Math.max(...components.map((component) => component.across));
  const down = Math.max(...components.map((component) => component.down));
  const [share, rise] = parts.length === 1 ? [parts[0].across, parts[0].down] : [1, 1];
  const [columns, rows] = parts.length === 1
    ? [Math.ceil(width * share / across), Math.ceil(height * rise / down)]
    : [width / across, height / down];
  return Math.ceil(columns / 8) * Math.ceil(rows / 8);
}

/** For every 16 bits that may come: the length of the code that they start with, and its symbol. */
function codesIn(table?: Uint8Array): Uint16Array {
  if (!table || table.length < 16) throw new ScanEnd("damaged");
  const codes = new Uint16Array(2 ** 16);
  let code = 0, at = 16;
  for (let length = 1; length <= 16; length++) {
    for (let i = 0; i < table[length - 1]; i++, code++, at++) {
      const span = 2 ** (16 - length);
      codes.fill(length << 8 | table[at], code * span, (code + 1) * span);
    }
    code *= 2;
  }
  return codes;
}

/** Bits of coded data, without the zeros after each byte of ones. */
class BitReader {
  #at = 0;
  /** The buffered bits; the next one is the highest of the lowest `#count`. */
  #buffer = 0;
  #count = 0;
  /** How many of them lie beyond the end. */
  #missing = 0;

  readonly coded: Uint8Array;

  constructor(coded: Uint8Array) {
    this.coded = coded;
  }

  /** Reads `count` bits, at most 16, as a number. */
  bits(count: number): number {
    this.#fill();
    this.#count -= count;
    if (this.#count < this.#missing) throw new ScanEnd("exhausted");
    return this.#buffer >>> this.#count & ((1 << count) - 1);
  }

  /** Skips `count` bits, at most 16. */
  skip(count: number): void {
    if (count > 16) throw new ScanEnd("damaged");
    this.bits(count);
  }

  /** Reads one code. */
  symbol(codes: Uint16Array): number {
    this.#fill();
    const entry = codes[this.#buffer >>> (this.#count - 16) & 0xffff];
    const length = entry >> 8;
    if (length === 0) throw new ScanEnd(this.#missing > 0 ? "exhausted" : "damaged");
    this.#count -= length;
    if (this.#count < this.#missing) throw new ScanEnd("exhausted");
    return entry & 255;
  }

  /** Continues after the next restart marker. */
  restart(): void {
    const { coded } = this;
    while (this.#at < coded.length && !this.#isMarker()) this.#at++;
    if (this.#at >= coded.length) throw new ScanEnd("exhausted");
    this.#at += 2;
    this.#count = this.#missing = 0;
  }

  /** Buffers at least 16 bits, with zeros beyond the end of the data or of the interval. */
  #fill(): void {
    while (this.#count < 16) {
      const ended = this.#at >= this.coded.length || this.#isMarker();
      const byte = ended ? 0 : this.coded[this.#at++];
      if (ended) this.#missing += 8;
      else if (byte === 0xff) this.#at++;
      this.#buffer = this.#buffer << 8 | byte;
      this.#count += 8;
    }
  }

  #isMarker(): boolean {
    return this.coded[this.#at] === 0xff && this.coded[this.#at + 1] >= 0xd0;
  }
}
