/** Images in memory. @module */

import { checkObject } from "../checks.ts";

/** Pixels per metre. */
export interface Density {
  /** Across. */
  readonly x: number;
  /** Down. */
  readonly y: number;
}

/** An image in 8 bits per channel; a browser's `ImageData` is one. */
export interface Image {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
  /** Red, green, blue, alpha (not premultiplied) of every pixel, row by row from the top left. */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
  /** Channels of the source: 1 gray (three equal colours), 2 gray and alpha, 3 RGB, 4 RGBA. */
  readonly channels?: 1 | 2 | 3 | 4;
  /** ICC profile of the colours; sRGB if absent. */
  readonly iccProfile?: Uint8Array<ArrayBuffer>;
  /** Pixels per metre; an image with twice the pixels is then printed twice as large. */
  readonly density?: Density;
  /**
   * EXIF block with camera, date, place and so on: a TIFF structure without the leading `Exif\0\0`. Its orientation is
   * upright, as are the pixels.
   */
  readonly exif?: Uint8Array<ArrayBuffer>;
  /** What reading changed or left out, such as "16-bit reduced to 8 bit". */
  readonly notes?: readonly string[];
}

/** The same image as a plain object; `{ ...image }` would lose the size of an `ImageData`, which its class holds. */
export function plainImage(image: Image): Image {
  const { width, height, data, channels, iccProfile, density, exif, notes } = image;
  return { width, height, data, channels, iccProfile, density, exif, notes };
}

/**
 * Checks an image that is given as pixels: the number of bytes must match its size.
 *
 * @throws {TypeError} If its data are not bytes.
 * @throws {RangeError} If there are more or fewer bytes than its size says, or its channels are not 1 to 4.
 */
export function checkImage(image: Image): void {
  checkObject("image", image);
  const { width, height, data, channels = 4 } = image;
  const start = `Cannot take an image of ${width}x${height}`;
  // By name, since another window has its own classes.
  if (!/^\[object Uint8(Clamped)?Array\]$/.test(Object.prototype.toString.call(data))) {
    throw new TypeError(`${start}: its data must be a Uint8ClampedArray, 0 to 255 in each channel`);
  }
  const isWhole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!isWhole || data.length !== 4 * width * height) {
    throw new RangeError(
      `${start} with ${data.length} bytes: it must have 4 bytes for each of its pixels`,
    );
  }
  if (![1, 2, 3, 4].includes(channels)) {
    throw new RangeError(`${start} with ${channels} channels: it must have 1, 2, 3 or 4`);
  }
}
