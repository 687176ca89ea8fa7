/**
 * One file in, one file out:
 *
 *     deno run -A examples/file_to_file.ts docs/coffee.png larger.png
 */

import { encodeImage, load } from "jsr:@srzoo/core";

const [input, output] = Deno.args;
await using upscaler = await load("srdiff");
const { images, seed } = await upscaler.upscale(input);
await Deno.writeFile(output, await encodeImage(images[0], { format: "png" }));
console.log(`${output}: ${images[0].width}x${images[0].height}, seed ${seed}`);
