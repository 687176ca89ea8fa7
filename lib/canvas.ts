/** The result in bytes, put together from regions that overlap. @module */

import type { Image } from "./image/image.ts";
import { type Span, weightsOf } from "./tiling.ts";

/**
 * An image that grows region by region, strip by strip, without a copy of it in floating point.
 *
 * Regions of a strip are blended from left to right, and the finished strip with the one above.
 */
export class Canvas {
  /** The image as far as it is; what is not there yet is transparent. */
  readonly image: Image;
  readonly #scale: number;
  /** The rows of the strip above that the strip at hand writes over. */
  #above: Uint8ClampedArray = new Uint8ClampedArray();
  /** Where the strips above end. */
  #bottom = 0;

  /**
   * Makes an empty image.
   *
   * @param like Sizes of the result, and what else the image has; its data are not looked at.
   * @param scale Pixels of the result for each one of the spans' grid.
   */
  constructor(like: Image, scale: number) {
    this.image = { ...like, data: new Uint8ClampedArray(4 * like.width * like.height) };
    this.#scale = scale;
  }

  /** Begins the next strip. */
  begin(row: Span): void {
    const stride = 4 * this.image.width;
    this.#above = this.image.data.slice(row.start * this.#scale * stride, this.#bottom * stride);
  }

  /** Puts a region into the strip at hand. */
  paste(region: Image, row: Span, column: Span): void {
    const { data, width } = this.image;
    const across = this.#rise(column);
    const ramp = across.indexOf(1); // from here on the region covers what is there
    for (let y = 0; y < region.height; y++) {
      const from = 4 * y * region.width;
      const to = 4 * ((row.start * this.#scale + y) * width + column.start * this.#scale);
      for (let i = 0; i < 4 * ramp; i++) {
        data[to + i] += across[i >> 2] * (region.data[from + i] - data[to + i]);
      }
      const covering = region.data.subarray(from + 4 * ramp, from + 4 * region.width);
      data.set(covering, to + 4 * ramp);
    }
  }

  /** Ends the strip: joins it with the strip above. */
  end(row: Span): void {
    const stride = 4 * this.image.width;
    const down = this.#rise(row);
    const start = row.start * this.#scale * stride;
    for (let i = 0; i < this.#above.length; i++) {
      const strip = this.image.data[start + i];
      const share = down[Math.floor(i / stride)];
      this.image.data[start + i] = this.#above[i] + share * (strip - this.#above[i]);
    }
    this.#bottom = (row.start + row.size) * this.#scale;
  }

  /** A copy of the image as it would be with this region. */
  preview(region: Image, row: Span, column: Span): Image {
    if (region.width === this.image.width && region.height === this.image.height) return region;
    const copy = new Canvas(this.image, this.#scale);
    copy.image.data.set(this.image.data);
    copy.paste(region, row, column);
    return copy.image;
  }

  /** Weights that only rise: what comes next lies over what is there. */
  #rise(span: Span): Float32Array {
    const end = span.start + span.size;
    return weightsOf({ ...span, to: end }, end, this.#scale);
  }
}
