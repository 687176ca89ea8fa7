/** Masks: where content is taken from another image. @module */

import type { Image } from "../image/image.ts";
import { resizeImage } from "../image/resize.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** The source, with the shrunk reference inside the mask. */
export function mixedLow(source: Image, content: Image, region: Image, strength: number): Image {
  const share = opacityOf(resizeImage(region, source), strength);
  return blend(source, resizeImage(content, source), share.data);
}

/** Colours of `below`, moved towards `above` by the weight of each pixel; the opacity is that of `below`. */
export function blend(below: Image, above: Image, share: Float32Array): Image {
  const data = new Uint8ClampedArray(below.data);
  for (let i = 0; i < data.length; i++) {
    if (i % 4 < 3) data[i] += share[i >> 2] * (above.data[i] - data[i]);
  }
  return { ...below, data };
}

/** A mask as weights `[1, 1, height, width]`: its first channel, from 0 for black to `most` for white. */
export function opacityOf({ data, width, height }: Image, most: number): Tensor {
  const weights = Float32Array.from({ length: width * height }, (_, i) => most * data[4 * i] / 255);
  return tensor([1, 1, height, width], weights);
}

/** A mask that rises inwards from its edge over `2 * radius` pixels, and is nowhere larger than before. */
export function inwards(mask: Tensor, radius: number): Tensor {
  const smaller = pooledRows(pooledRows(mask, radius, "least"), radius, "least");
  return pooledRows(pooledRows(smaller, radius, "mean"), radius, "mean");
}

/** Pools each row over windows of 2 * radius + 1 pixels and transposes the image; applied twice, it pools both ways. */
function pooledRows(
  { data, dims: [n, channels, height, width] }: Tensor,
  radius: number,
  pool: "least" | "mean",
): Tensor {
  const turned = tensor([n, channels, width, height]);
  for (let i = 0; i < data.length; i++) {
    const x = i % width, row = i - x;
    const from = row + Math.max(0, x - radius), to = row + Math.min(width, x + radius + 1);
    let least = 1, sum = 0;
    for (let k = from; k < to; k++) {
      if (data[k] < least) least = data[k];
      sum += data[k];
    }
    turned.data[x * height + row / width] = pool === "least" ? least : sum / (to - from);
  }
  return turned;
}

/** Refuses an image of another size. */
export function ofSize(image: Image, { width, height }: Omit<Image, "data">, name: string): Image {
  if (image.width === width && image.height === height) return image;
  throw new RangeError(
    `Cannot use the ${name} of ${image.width}x${image.height}: the result has ${width}x${height}`,
  );
}
