/** What is cut out of the images of a set before they are measured. @module */

import { readImage } from "../lib/image/files/read.ts";
import type { Image } from "../lib/image/image.ts";
import { resizeImage, type Size } from "../lib/image/resize.ts";
import { centralRect, cropImage } from "../lib/image/crop.ts";
import type { Rect } from "../lib/tensor/window.ts";
import type { BenchSet, SetImage } from "./sets.ts";

/** An input, and the expected result if it is known. */
export interface Source {
  /** Name of the image, with its place where several are cut out of one. */
  readonly name: string;
  /** Low resolution. */
  readonly low: Image;
  /** High resolution, `scale` times as large; absent if it is not known. */
  readonly truth?: Image;
}

/** A source with its truth. */
export interface Pair extends Source {
  readonly truth: Image;
}

/** A way to cut pairs out of an image. */
export interface Protocol {
  /** Name for `--protocol`. */
  readonly name: string;
  /** Where it comes from, for the report. */
  readonly what: string;
  /** The only scale that it supports; any if absent. */
  readonly scale?: number;
  /** Windows of a high-resolution image; none if it is too small. */
  windows(high: Image, scale: number): readonly Rect[];
  /** Shrinks the image before it is cut; as it is if absent. */
  prepare?(high: Image): Image;
}

function centreOf(low: number, high: number, what: string): Protocol {
  return {
    name: `${low}-${high}`,
    what: `${what}: the middle ${high}x${high}, shrunk to ${low}x${low} by the exact bicubic`,
    scale: high / low,
    windows: (image) =>
      Math.min(image.width, image.height) < high ? [] : [centralRect(image, high)],
  };
}

/** As in Janspiry's prepare_data.py, which first shrinks the short side to the size. */
function shrunkCentreOf(low: number, high: number, what: string): Protocol {
  return {
    ...centreOf(low, high, `${what}, the short side shrunk to ${high} first`),
    prepare(image) {
      const short = Math.min(image.width, image.height);
      if (short <= high) return image;
      const side = (length: number) => Math.round(length * high / short);
      return resizeImage(image, { width: side(image.width), height: side(image.height) });
    },
  };
}

function topLeft(image: Image, multiple: number): Rect {
  const whole = (length: number) => length - length % multiple;
  return { x: 0, y: 0, width: whole(image.width), height: whole(image.height) };
}

/** Patches of SRFlow's training size, side by side from the top left. */
function patches(image: Image): Rect[] {
  const side = 160;
  const found: Rect[] = [];
  for (let y = 0; y + side <= image.height; y += side) {
    for (let x = 0; x + side <= image.width; x += side) {
      found.push({ x, y, width: side, height: side });
    }
  }
  return found;
}

/** All protocols; the first is the default. */
export const protocols: readonly Protocol[] = [
  {
    name: "whole",
    what: "whole images, cut at the right and bottom to a multiple of the scale",
    windows: (image, scale) => [topLeft(image, scale)],
  },
  {
    name: "srdiff",
    what: "SRDiff: whole images, cut at the right and bottom to a multiple of twice the scale",
    windows: (image, scale) => [topLeft(image, 2 * scale)],
  },
  {
    name: "160-patches",
    what: "SRFlow: patches of 160x160 side by side",
    scale: 4,
    windows: patches,
  },
  centreOf(64, 256, "novwaul's SR3"),
  centreOf(256, 1024, "novwaul's SR3"),
  centreOf(32, 128, "novwaul's SR3"),
  shrunkCentreOf(16, 128, "Janspiry's SR3 and DDPM"),
  shrunkCentreOf(64, 512, "Janspiry's SR3"),
];

/**
 * Finds a protocol by name.
 *
 * @throws {RangeError} If there is none; it lists them.
 */
export function protocolOf(name: string): Protocol {
  const found = protocols.find((protocol) => protocol.name === name);
  if (found) return found;
  const names = protocols.map((protocol) => protocol.name).join(", ");
  throw new RangeError(`Cannot use the protocol "${name}": it is not one of ${names}`);
}

/** The multiples that papers crop images to: the scale, SRDiff's twice the scale, BasicSR's 12. */
function multiples(scale: number): number[] {
  return [...new Set([scale, 2 * scale, 12])].filter((multiple) => multiple % scale === 0);
}

function isCutTo(multiple: number, cut: Size, { width, height }: Size): boolean {
  return cut.width === width - width % multiple && cut.height === height - height % multiple;
}

/**
 * Reads an image of a set and cuts its pairs out; none where it is too small.
 *
 * @throws {Error} If a file cannot be decoded, or the sizes of the two do not match.
 */
export async function pairsOf(
  image: SetImage,
  set: BenchSet,
  protocol: Protocol,
): Promise<Pair[]> {
  const { scale } = set;
  const high = await readImage(image.high);
  if (image.low && protocol.name === "whole") {
    const low = await readImage(image.low);
    const window = { x: 0, y: 0, width: low.width * scale, height: low.height * scale };
    if (!multiples(scale).some((multiple) => isCutTo(multiple, window, high))) {
      throw new RangeError(
        `Cannot pair ${image.low} with ${image.high}: ${low.width}x${low.height} times ${scale} is not ` +
          `${high.width}x${high.height} cut to a multiple of ${multiples(scale).join(", ")}`,
      );
    }
    return [{ name: image.name, low, truth: cropImage(high, window) }];
  }
  const prepared = protocol.prepare?.(high) ?? high;
  const windows = protocol.windows(prepared, scale)
    .filter(({ width, height }) => width > 0 && height > 0);
  return windows.map((window) => {
    const truth = cropImage(prepared, window);
    const size = { width: window.width / scale, height: window.height / scale };
    const name = windows.length > 1 ? `${image.name}@${window.x},${window.y}` : image.name;
    return { name, low: resizeImage(truth, size), truth };
  });
}
