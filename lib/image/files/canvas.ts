/** Images of a page: from its elements, and to what a canvas can draw. @module */

import { UnsupportedError } from "../../errors.ts";
import { onServer } from "../../platform.ts";
import type { Image } from "../image.ts";

/** Anything that a canvas can draw: an `HTMLImageElement`, `ImageBitmap`, canvas, `OffscreenCanvas`, frame of a video. */
export interface Drawable {
  /** Columns. */
  readonly width: number;
  /** Rows. */
  readonly height: number;
}

/** Properties that some of them also have. */
interface Extras {
  /** Columns of an image, independent of its size on the page. */
  readonly naturalWidth?: number;
  /** Rows of an image, independent of its size on the page. */
  readonly naturalHeight?: number;
  /** Columns of a video. */
  readonly videoWidth?: number;
  /** Rows of a video. */
  readonly videoHeight?: number;
  /** Waits until an image is decoded. */
  decode?(): Promise<void>;
}

/**
 * The pixels of something that a page shows, in sRGB. Colours of translucent pixels may lose some precision on a canvas;
 * an image that is read from its file loses none.
 *
 * @throws {UnsupportedError} If there is no canvas here, or the source belongs to another site that does not allow it.
 * @throws {RangeError} If there is nothing to draw yet.
 */
export async function drawnImage(source: Drawable & Extras): Promise<Image> {
  const { width, height } = await loadedSize(source);
  const data = pixelsOf(source, { width, height }, { width, height });
  return { width, height, data };
}

/**
 * A bitmap of something that a page shows, which another thread can draw; it fails as {@linkcode drawnImage} does.
 *
 * @throws {UnsupportedError} If there is no canvas here, or the source belongs to another site that does not allow it.
 * @throws {RangeError} If there is nothing to draw yet.
 */
export async function bitmapOf(source: Drawable & Extras): Promise<ImageBitmap> {
  const size = await loadedSize(source);
  pixelsOf(source, size, { width: 1, height: 1 }); // or a bitmap of another site would fail when it is sent
  return await createImageBitmap(source as ImageBitmapSource);
}

/** The size of something that a page shows, once it is decoded. */
async function loadedSize(source: Drawable & Extras): Promise<Drawable> {
  if (typeof source.decode === "function") await source.decode();
  const width = source.naturalWidth ?? source.videoWidth ?? source.width;
  const height = source.naturalHeight ?? source.videoHeight ?? source.height;
  if (width > 0 && height > 0) return { width, height };
  throw new RangeError(`Cannot read an image of ${width}x${height}: wait until it has loaded`);
}

/** The first pixels of something, drawn in its size. */
function pixelsOf(source: Drawable, size: Drawable, { width, height }: Drawable): Image["data"] {
  const context = contextOf(width, height);
  context.drawImage(source, 0, 0, size.width, size.height);
  try {
    return context.getImageData(0, 0, width, height).data;
  } catch (cause) {
    throw new UnsupportedError(
      "Cannot read the pixels of an image of another site. Set its crossOrigin before its src, or " +
        "give its bytes",
      { cause },
    );
  }
}

/** The image as an `ImageData` for `putImageData()`; its pixels are shared, not copied. */
export function toImageData({ data, width, height }: Image): ImageData {
  return new ImageData(data, width, height);
}

/** The used part of `OffscreenCanvasRenderingContext2D`, whose type is missing in programs without the DOM. */
interface Context {
  readonly canvas: { convertToBlob(options: { type: string; quality: number }): Promise<Blob> };
  drawImage(source: Drawable, x: number, y: number, width?: number, height?: number): void;
  getImageData(x: number, y: number, width: number, height: number): Pick<Image, "data">;
  putImageData(image: ImageData, x: number, y: number): void;
}

/** A context from which pixels are read. */
export function contextOf(width: number, height: number): Context {
  if (onServer || typeof OffscreenCanvas === "undefined") {
    throw new UnsupportedError(
      "Cannot draw an image here: only a browser has a canvas. Give the bytes of a file, or pixels",
    );
  }
  const options = { colorSpace: "srgb", willReadFrequently: true } as const;
  const canvas = new OffscreenCanvas(width, height) as unknown as {
    getContext(kind: "2d", how: typeof options): Context | null;
  };
  const context = canvas.getContext("2d", options);
  if (!context) throw new Error(`the browser cannot make a canvas of ${width}x${height}`);
  return context;
}
