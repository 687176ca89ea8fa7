/** The result in bytes, assembled from overlapping regions. @module */

import type { Image } from "./image/image.ts";
import { type Span, weightsOf } from "./tiling.ts";

/**
 * An image that is filled region by region and strip by strip, without a copy in floating point.
 *
 * Regions of a strip are blended from left to right, and the finished strip with the one above.
 */
export class Canvas {
  readonly #like: Image;
  readonly #scale: number;
  /** The pixels, once there are any. */
  #data: Image["data"] | undefined;
  /** Rows of the strip above that the current strip overwrites. */
  #above: Uint8ClampedArray = new Uint8ClampedArray();
  /** Row at which the strips above end. */
  #bottom = 0;

  /**
   * Makes an empty image.
   *
   * @param like Size and other properties of the result; its data are not used.
   * @param scale Pixels of the result per pixel of the spans' grid.
   */
  constructor(like: Image, scale: number) {
    this.#like = like;
    this.#scale = scale;
  }

  /** The unfinished image; missing parts are transparent. */
  get image(): Image {
    const { width, height } = this.#like;
    this.#data ??= new Uint8ClampedArray(4 * width * height);
    return { ...this.#like, data: this.#data };
  }

  /** Begins the next strip. */
  begin(row: Span): void {
    if (this.#bottom === 0) return;
    const { width, data } = this.image;
    this.#above = data.slice(4 * row.start * this.#scale * width, 4 * this.#bottom * width);
  }

  /** Puts a region into the current strip; a region that is the whole image gives its pixels to the image. */
  paste(region: Image, row: Span, column: Span): void {
    if (this.#isWhole(region)) return void (this.#data = region.data);
    const { data, width } = this.image;
    const across = this.#rise(column);
    const ramp = across.indexOf(1); // from here on the region covers the one before it
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
    const { width, data } = this.image;
    const stride = 4 * width;
    const down = this.#rise(row);
    const start = row.start * this.#scale * stride;
    for (let i = 0; i < this.#above.length; i++) {
      const share = down[Math.floor(i / stride)];
      data[start + i] = this.#above[i] + share * (data[start + i] - this.#above[i]);
    }
    this.#bottom = (row.start + row.size) * this.#scale;
  }

  /** A copy of the image as it would be with this region. */
  preview(region: Image, row: Span, column: Span): Image {
    if (this.#isWhole(region)) return region;
    const copy = new Canvas(this.#like, this.#scale);
    copy.#data = this.image.data.slice();
    copy.paste(region, row, column);
    return copy.image;
  }

  #isWhole({ width, height }: Image): boolean {
    return width === this.#like.width && height === this.#like.height;
  }

  /** Weights that only rise: the next region lies over the one before it. */
  #rise(span: Span): Float32Array {
    const end = span.start + span.size;
    return weightsOf({ ...span, to: end }, end, this.#scale);
  }
}
