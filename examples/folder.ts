/**
 * Every photograph of a folder with one loaded model; a file that cannot be read does not end the rest:
 *
 *     deno run -A examples/folder.ts docs/ larger/
 */

import { encodeImage, load } from "jsr:@srzoo/core";

const [from, to] = Deno.args;
await Deno.mkdir(to, { recursive: true });
await using upscaler = await load("regression");
for await (const { name, isFile } of Deno.readDir(from)) {
  if (!isFile || !/\.(png|jpe?g|webp)$/i.test(name)) continue;
  try {
    const { images } = await upscaler.upscale(`${from}/${name}`);
    const file = `${to}/${name.replace(/\.\w+$/, ".jpg")}`;
    await Deno.writeFile(file, await encodeImage(images[0], { format: "jpeg", quality: 90 }));
    console.log(file);
  } catch (error) {
    console.error(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
