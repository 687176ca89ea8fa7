/**
 * The one place where bytes become floats and floats bytes: v = byte / 127.5 - 1.
 *
 * @module
 */

import { type Tensor, tensor } from "../tensor/tensor.ts";
import { gray } from "./color.ts";
import type { Image } from "./image.ts";

/** An image as the networks take it. */
export interface Pixels {
  /** Red, green and blue `[1, 3, height, width]` in -1 to 1. */
  readonly rgb: Tensor;
  /** Opacity `[1, 1, height, width]` in -1 to 1; absent where the image has none. */
  readonly alpha?: Tensor;
}

/** What {@linkcode toImage} adds to the colours. */
export interface ToImageOptions extends Pick<Image, "channels" | "iccProfile" | "notes"> {
  /** Opacity `[1, 1, height, width]` in -1 to 1; opaque if absent. */
  alpha?: Tensor;
  /**
   * Which item of the batch.
   *
   * @default {0}
   */
  item?: number;
}

/** Whether the image has a channel of opacity. */
export function hasAlpha(image: Pick<Image, "channels">): boolean {
  return image.channels === 2 || image.channels === 4;
}

/**
 * Splits an image into colours and opacity.
 *
 * An image that does not say its channels, such as an `ImageData`, has opacity if a pixel is not opaque.
 */
export function toTensor(image: Image): Pixels {
  const { width, height, data } = image;
  const area = width * height;
  const rgb = tensor([1, 3, height, width]);
  for (let i = 0, from = 0; i < area; i++, from += 4) {
    rgb.data[i] = data[from] / 127.5 - 1;
    rgb.data[area + i] = data[from + 1] / 127.5 - 1;
    rgb.data[2 * area + i] = data[from + 2] / 127.5 - 1;
  }
  const translucent = image.channels === undefined ? !isOpaque(image) : hasAlpha(image);
  if (!translucent) return { rgb };
  const alpha = tensor([1, 1, height, width]);
  for (let i = 0; i < area; i++) alpha.data[i] = data[4 * i + 3] / 127.5 - 1;
  return { rgb, alpha };
}

/**
 * Makes an image of one item of a batch, rounded half up and clamped to bytes.
 *
 * Where `channels` says gray, the three colours are merged with BT.601 weights.
 *
 * @param rgb Colours `[n, 3, height, width]` in -1 to 1.
 * @throws {RangeError} If the sizes of `rgb` and `alpha` differ or there is no such item.
 */
export function toImage(rgb: Tensor, options: ToImageOptions = {}): Image {
  const { alpha, item = 0, ...kept } = options;
  const [n, channels, height, width] = rgb.dims;
  if (channels !== 3 || item >= n) {
    throw new RangeError(`Cannot make image ${item} of a tensor of [${rgb.dims}]`);
  }
  if (alpha && (alpha.dims[2] !== height || alpha.dims[3] !== width)) {
    throw new RangeError(`Cannot join alpha of [${alpha.dims}] with colours of [${rgb.dims}]`);
  }
  const isGray = kept.channels === 1 || kept.channels === 2;
  const data = isGray ? grayBytes(rgb, item) : colorBytes(rgb, item);
  if (alpha) {
    for (let i = 0, to = 3; to < data.length; i++, to += 4) data[to] = toByte(alpha.data[i]);
  }
  return {
    width,
    height,
    data,
    ...kept,
    channels: kept.channels ?? (alpha ? 4 : 3),
  };
}

function colorBytes(rgb: Tensor, item: number): Uint8ClampedArray<ArrayBuffer> {
  const area = rgb.dims[2] * rgb.dims[3];
  const red = item * 3 * area, green = red + area, blue = green + area;
  const data = new Uint8ClampedArray(area * 4);
  for (let i = 0, to = 0; i < area; i++, to += 4) {
    data[to] = toByte(rgb.data[red + i]);
    data[to + 1] = toByte(rgb.data[green + i]);
    data[to + 2] = toByte(rgb.data[blue + i]);
    data[to + 3] = 255;
  }
  return data;
}

function grayBytes(rgb: Tensor, item: number): Uint8ClampedArray<ArrayBuffer> {
  const area = rgb.dims[2] * rgb.dims[3];
  const red = item * 3 * area, green = red + area, blue = green + area;
  const data = new Uint8ClampedArray(area * 4).fill(255);
  for (let i = 0; i < area; i++) {
    const value = toByte(gray(rgb.data[red + i], rgb.data[green + i], rgb.data[blue + i]));
    data.fill(value, 4 * i, 4 * i + 3);
  }
  return data;
}

/** Half up; the array's own conversion would round halves to even. */
function toByte(value: number): number {
  return Math.floor((value + 1) * 127.5 + 0.5);
}

function isOpaque(image: Image): boolean {
  for (let i = 3; i < image.data.length; i += 4) if (image.data[i] !== 255) return false;
  return true;
}
