import { expect } from "expect";
import { readImage } from "../../lib/image/image.ts";
import { resizeImage } from "../../lib/image/resize.ts";

const evaluation = new URL("../../../shared/data/eval/", import.meta.url);
const present = exists(evaluation);

function exists(url: URL): boolean {
  try {
    return Deno.statSync(url).isDirectory;
  } catch {
    return false;
  }
}

for (const set of ["Set5", "Set14", "BSD100", "CID22val"]) {
  Deno.test({
    name: `resizeImage() is bit-equal to every low-resolution image of ${set}`,
    ignore: !present,
    async fn() {
      const wrong: string[] = [];
      for (const { name } of Deno.readDirSync(new URL(`${set}/HR/`, evaluation))) {
        const hr = await readImage(new URL(`${set}/HR/${name}`, evaluation));
        const lr = await readImage(new URL(`${set}/LRx4/${name}`, evaluation));
        const made = resizeImage(hr, lr);
        if (made.data.some((byte, i) => byte !== lr.data[i])) wrong.push(name);
      }
      expect(wrong).toEqual([]);
    },
  });
}
