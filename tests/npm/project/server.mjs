// Enlarges a file before and after an aborted run, as a program for Node or Bun would:
//     node server.mjs FROM TO
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { encodeImage, load } from "@srzoo/core";

const [from, to] = process.argv.slice(2);
const upscaler = await load("srdiff");
const first = await upscaler.upscale(from, { seed: 7, steps: 1 });

const abort = new AbortController();
const onProgress = () => setTimeout(() => abort.abort(new Error("enough")), 5);
const aborted = upscaler.upscale(from, { steps: 100, signal: abort.signal, onProgress });
console.log(await aborted.then(() => "not aborted", (error) => error.message));

const { images: [image] } = await upscaler.upscale(from, { seed: 7, steps: 1 });
console.log(first.images[0].data.every((value, i) => value === image.data[i]));
const apart = await load("srdiff", { worker: true });
const { images: [same] } = await apart.upscale(from, { seed: 7, steps: 1 });
console.log(same.data.every((value, i) => value === image.data[i]));
const late = apart.upscale(from, { steps: 100, onProgress: () => apart.close() });
console.log(await late.then(() => "not closed", () => "closed"));
for (const format of ["png", "jpeg", "webp"]) {
  await writeFile(`${to}.${format}`, await encodeImage(image, { format }));
}
await upscaler.close();
console.log(upscaler.provider);
