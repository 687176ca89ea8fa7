/** A page that enlarges on its own thread and in a worker, for {@linkcode ./worker_test.ts}. @module */

import { DecodeError, load, type Upscaler } from "../../mod.ts";
import type { ImageLike } from "../../lib/image/files/source.ts";

/** The results of a run. */
interface Outcome {
  /** SHA-256 of the pixels of the images, and of those of all previews. */
  images: string[];
  previews: string[];
  /** Fractions of the progress. */
  fractions: number[];
}

/** SHA-256 of an image's pixels, as text. */
async function digest({ data }: { data: Uint8ClampedArray<ArrayBuffer> }): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", data);
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Opens an entry on this thread, or in a worker. */
function open(id: string, isThere: boolean): Promise<Upscaler> {
  const worker = isThere ? { library: "library.js" } : "library.js";
  return load(id, { provider: "wasm", zoo: "zoo/", wasmPaths: "/ort/", worker });
}

/** Enlarges a photograph with srdiff. */
async function sample(isThere: boolean): Promise<Outcome> {
  await using upscaler = await open("srdiff", isThere);
  const fractions: number[] = [];
  const previews: string[] = [];
  const walk = upscaler.stream("small.png", {
    ...{ seed: 7, steps: 2, samples: 2 },
    onProgress: ({ fraction }) => fractions.push(fraction),
  });
  let next = await walk.next();
  for (; !next.done; next = await walk.next()) {
    previews.push(await digest(await next.value.image()));
  }
  return { images: await Promise.all(next.value.images.map(digest)), previews, fractions };
}

/** The same image in every form that a page may have it in. */
async function sources(): Promise<Record<string, () => ImageLike | Promise<ImageLike>>> {
  const blob = await (await fetch("small.png")).blob();
  const element = Object.assign(new Image(), { src: "small.png" });
  const bitmap = await createImageBitmap(blob);
  const canvas = Object.assign(document.createElement("canvas"), {
    width: bitmap.width,
    height: bitmap.height,
  });
  const context = canvas.getContext("2d")!;
  context.drawImage(bitmap, 0, 0);
  return {
    path: () => "./small.png",
    url: () => new URL("small.png", location.href),
    "blob's url": () => URL.createObjectURL(blob),
    blob: () => blob,
    response: () => fetch("small.png"),
    bytes: () => blob.arrayBuffer(),
    element: () => element,
    bitmap: () => bitmap,
    canvas: () => canvas,
    pixels: () => context.getImageData(0, 0, canvas.width, canvas.height),
  };
}

/** Enlarges each form with bicubic. */
async function forms(isThere: boolean): Promise<Record<string, string>> {
  await using upscaler = await open("bicubic", isThere);
  const made: Record<string, string> = {};
  for (const [name, source] of Object.entries(await sources())) {
    const { images: [image] } = await upscaler.upscale(await source());
    made[name] = await digest(image);
  }
  return made;
}

/** Enlarges a large image with bicubic; returns the durations of this thread's tasks of over 50 ms. */
async function blocking(isThere: boolean): Promise<number[]> {
  const upscaler = await open("bicubic", isThere);
  const [width, height] = [640, 480];
  const data = new Uint8ClampedArray(4 * width * height).map((_, i) => i % 251);
  await pause(300);
  const long: number[] = [];
  const observer = new PerformanceObserver((list) =>
    long.push(...list.getEntries().map(({ duration }) => duration))
  );
  observer.observe({ type: "longtask" });
  await upscaler.upscale({ width, height, data });
  await pause(300);
  observer.disconnect();
  await upscaler.close();
  return long;
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

/** Reads a file that is not an image; returns the error's class, name and message. */
async function fails(isThere: boolean): Promise<unknown> {
  await using upscaler = await open("bicubic", isThere);
  const error = await upscaler.upscale(new Blob(["nothing"])).catch((error) => error);
  return [error instanceof DecodeError, error.name, error.message];
}

Object.assign(globalThis, { work: { sample, forms, blocking, fails } });
