/** Gaussian means over neighbouring pixels. @module */

import { type Tensor, tensor } from "../tensor/tensor.ts";

/** Where the window ends, in its standard deviations. */
const REACH = 3;

/**
 * Replaces every pixel by the mean of its neighbourhood, weighted by a Gaussian that ends at three standard
 * deviations. At the border the mean is over the existing pixels.
 *
 * @param image Planes `[n, channels, height, width]`.
 * @param sigma Standard deviation of the Gaussian in pixels, at least 0; 0 changes nothing.
 * @returns New planes of the same size.
 */
export function blur(picture: Tensor, sigma: number): Tensor {
  const radius = Math.ceil(REACH * sigma);
  const window = Float64Array.from(
    { length: 2 * radius + 1 },
    (_, i) => sigma > 0 ? Math.exp(-(((i - radius) / sigma) ** 2) / 2) : 1,
  );
  return turned(turned(picture, window), window);
}

/** Blurs each row and transposes the image; applied twice, it blurs both ways. */
function turned(
  { data, dims: [n, channels, height, width] }: Tensor,
  window: Float64Array,
): Tensor {
  const result = tensor([n, channels, width, height]);
  const radius = window.length >> 1;
  for (let i = 0; i < data.length; i++) {
    const x = i % width, row = i / width | 0;
    const first = Math.max(0, x - radius), last = Math.min(width - 1, x + radius);
    let sum = 0, weights = 0;
    for (let k = first; k <= last; k++) {
      const weight = window[k - x + radius];
      sum += weight * data[i - x + k];
      weights += weight;
    }
    const plane = row / height | 0;
    result.data[(plane * width + x) * height + row % height] = sum / weights;
  }
  return result;
}
