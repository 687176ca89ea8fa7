/**
 * The one place where bytes become floats and floats become bytes: v = byte / 127.5 - 1.
 *
 * @module
 */

import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Rect } from "../tensor/window.ts";
import { gray } from "./color.ts";
import type { Image } from "./image.ts";

/** An image as the networks take it. */
export interface Pixels {
  /** Red, green and blue `[1, 3, height, width]` in -1 to 1. */
  readonly rgb: Tensor;
  /** Opacity `[1, 1, height, width]` in -1 to 1; absent if the image has none. */
  readonly alpha?: Tensor;
}

/** Options of {@linkcode toImage}. */
export interface ToImageOptions extends Pick<Image, "channels" | "iccProfile" | "notes"> {
  /** Opacity `[1, 1, height, width]` in -1 to 1; opaque if absent. */
  alpha?: Tensor;
  /**
   * Which item of the batch.
   *
   * @default {0}
   */
  item?: number;
  /**
   * The part of the tensor that becomes the image.
   *
   * @default {all of it}
   */
  window?: Rect;
  /**
   * Whether the three colours become one, by BT.601 weights, whatever `channels` says.
   *
   * @default {whether `channels` says gray}
   */
  isGray?: boolean;
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
 * If `channels` says gray, the three colours are merged with BT.601 weights.
 *
 * @param rgb Colours `[n, 3, height, width]` in -1 to 1.
 * @throws {RangeError} If the sizes of `rgb` and `alpha` differ, there is no such item, or a colour is NaN or infinite.
 */
export function toImage(rgb: Tensor, options: ToImageOptions = {}): Image {
  const { alpha, item = 0, window, isGray, ...kept } = options;
  const [n, planes, rows, columns] = rgb.dims;
  const { width, height } = window ?? { width: columns, height: rows };
  if (planes !== 3 || item >= n) {
    throw new RangeError(`Cannot make image ${item} of a tensor of [${rgb.dims}]`);
  }
  if (alpha && (alpha.dims[2] !== height || alpha.dims[3] !== width)) {
    throw new RangeError(`Cannot join alpha of [${alpha.dims}] with colours of [${rgb.dims}]`);
  }
  const data = bytesOf(rgb, {
    item,
    window: { x: 0, y: 0, width, height, ...window },
    isGray: isGray ?? kept.channels! < 3, // undefined is not
  });
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

/** Opaque pixels of a window of one item of a batch, as words, which are little-endian on everything that runs this. */
function bytesOf(
  { data, dims: [, , height, width] }: Tensor,
  { item, window, isGray }: { item: number; window: Rect; isGray: boolean },
): Uint8ClampedArray<ArrayBuffer> {
  const area = height * width, start = 3 * item * area;
  const words = new Uint32Array(window.width * window.height);
  let sound = 0; // 0 * v is 0, or NaN where v is NaN or infinite
  for (let row = 0, i = 0; row < window.height; row++) {
    let from = start + (window.y + row) * width + window.x;
    for (const end = i + window.width; i < end; i++, from++) {
      const red = data[from], green = data[from + area], blue = data[from + 2 * area];
      sound += 0 * (red + green + blue);
      words[i] = isGray
        ? toByte(Math.fround(gray(red, green, blue))) * 0x010101 | 0xff000000
        : toByte(red) | toByte(green) << 8 | toByte(blue) << 16 | 0xff000000;
    }
  }
  if (sound !== 0) {
    throw new RangeError(
      "Cannot make an image: the network gave NaN or infinite values. Try another provider",
    );
  }
  return new Uint8ClampedArray(words.buffer);
}

/** Half up; an array of bytes by itself would round halves to even. */
function toByte(value: number): number {
  return Math.min(255, Math.max(0, (value + 1) * 127.5 + 0.5)) | 0;
}

function isOpaque(image: Image): boolean {
  for (let i = 3; i < image.data.length; i += 4) if (image.data[i] !== 255) return false;
  return true;
}
