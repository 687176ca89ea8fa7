/**
 * Enlarges a small image with an exported entry, twice with one seed and once with another:
 * `deno run -A run_entry.ts FOLDER`. Prints sizes and how much the results differ, as JSON.
 */

import { load } from "../../mod.ts";

const folder = Deno.args[0];
await using upscaler = await load(new URL("model.yml", `file://${folder}/`), {
  provider: "native",
});
const [width, height] = [20, 16];
const data = Uint8ClampedArray.from({ length: width * height * 4 }, (_, i) => i * 37 % 256);
data.forEach((_, i) => i % 4 === 3 && (data[i] = 255));
const picture = { width, height, data };

const { family, steps } = upscaler.card;
const how = {
  ...(steps ? { steps: Math.min(4, steps.default) } : {}),
  ...(upscaler.accepts.includes("restore") ? { restore: 0.5 } : {}),
};
const runs = [];
for (const seed of [1, 1, 2]) {
  const options = family === "regression" ? how : { seed, ...how };
  runs.push((await upscaler.upscale(picture, options)).images[0]);
}
const [first, again, other] = runs.map((image) => image.data);
const differ = (a: Uint8ClampedArray, b: Uint8ClampedArray) =>
  a.reduce((sum, byte, i) => sum + Math.abs(byte - b[i]), 0);
console.log(JSON.stringify({
  width: runs[0].width,
  height: runs[0].height,
  sameSeed: differ(first, again),
  otherSeed: differ(first, other),
}));
