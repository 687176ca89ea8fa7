/**
 * Draws several samples, and a map that is bright where they differ: what the model had to guess.
 *
 *     deno run -A examples/samples_and_uncertainty.ts docs/coffee.png out/
 */

import { encodeImage, load, uncertainty } from "jsr:@srzoo/core";

const [input, folder] = Deno.args;
await Deno.mkdir(folder, { recursive: true });
await using upscaler = await load("srdiff");
const { mean, deviation } = await uncertainty(upscaler, input, { seed: 1, samples: 3 });
const { width, height } = mean;
const data = new Uint8ClampedArray(4 * width * height);
deviation.data.forEach((value, i) => data.set([8 * value, 8 * value, 8 * value, 255], 4 * i));
const files = { "mean.png": mean, "uncertainty.png": { width, height, data } };
for (const [name, image] of Object.entries(files)) {
  await Deno.writeFile(`${folder}/${name}`, await encodeImage(image, { format: "png" }));
  console.log(`${folder}/${name}`);
}
