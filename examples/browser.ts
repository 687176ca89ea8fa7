/**
 * A file input on a page becomes a larger image below it. Bundle it for a page with
 *
 *     deno bundle --platform browser -o app.js examples/browser.ts
 *
 * and serve the folder `zoo` and ONNX Runtime's `.wasm` and `.mjs` files beside it.
 */

import { load } from "jsr:@srzoo/core";

const upscaler = await load("srdiff", { zoo: "./zoo/", wasmPaths: "./ort/" });
const input = document.querySelector<HTMLInputElement>("input[type=file]")!;
input.addEventListener("change", async () => {
  const { images: [{ data, width, height }] } = await upscaler.upscale(input.files![0]);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d")!.putImageData(new ImageData(data, width, height), 0, 0);
  document.body.append(canvas);
});
