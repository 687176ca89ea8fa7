/** Images of the library on canvases of the page. @module */

import type { Image } from "../../../mod.ts";

/** A canvas with the image. */
export function canvasOf({ width, height, data }: Image): HTMLCanvasElement {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d")!.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas;
}

/** Magenta where samples differ, stronger where they differ more; `deviation` is in bytes. */
export function overlayOf(
  deviation: Float32Array,
  width: number,
  height: number,
): HTMLCanvasElement {
  const data = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < deviation.length; i++) {
    data.set([219, 39, 119, Math.min(220, 14 * deviation[i])], 4 * i);
  }
  return canvasOf({ width, height, data });
}
