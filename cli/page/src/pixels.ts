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

/** A number of bytes as text for people. */
export function inUnits(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}

/** A duration in seconds as text for people. */
export function inTime(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  return `${Math.round(seconds / 60)} min`;
}
