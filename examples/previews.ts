/**
 * Writes the image as it stands after each step of the sampler:
 *
 *     deno run -A examples/previews.ts docs/coffee.png steps/
 */

import { encodeImage, load } from "jsr:@srzoo/core";

const [input, folder] = Deno.args;
await Deno.mkdir(folder, { recursive: true });
await using upscaler = await load("srdiff");
for await (const { step, steps, image } of upscaler.stream(input, { seed: 1, steps: 4 })) {
  const file = `${folder}/${step}-of-${steps}.png`;
  await Deno.writeFile(file, await encodeImage(await image(), { format: "png" }));
  console.log(file);
}
