// Code of a TypeScript project; it is type-checked, not run.
import { encodeImage, load, type Upscaler } from "@srzoo/core";
import { ddim } from "@srzoo/core/diffusion";
import { psnrY } from "@srzoo/core/metrics";
import { openZoo } from "@srzoo/core/zoo";

const upscaler: Upscaler = await load("srdiff", { provider: "wasm" });
const { images, seed } = await upscaler.upscale("photo.jpg", { samples: 2 });
export const png: Uint8Array = await encodeImage(images[0], { format: "png" });
export const drawn: number | undefined = seed;
export const width: number = images[0].width;
// @ts-expect-error: there is no such option
await upscaler.upscale("photo.jpg", { sample: 2 });
await upscaler.close();
export { ddim, openZoo, psnrY };
