import { expect } from "expect";
import { openNiqe } from "../bench/niqe_model.ts";
import { readImage } from "../lib/image/files/read.ts";
import { niqe } from "../lib/metrics/mod.ts";

const shared = new URL("../../shared/", import.meta.url).pathname;
const model = await openNiqe();

Deno.test({
  name: "niqe() gives the recorded values of an independent implementation",
  ignore: model === undefined,
  async fn() {
    const lines = (await Deno.readTextFile(`${shared}niqe/golden.csv`)).trim().split("\n").slice(1);
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      const [file, whole, inside] = line.split(",");
      const image = await readImage(`${shared}data/eval/${file}`);
      expect([file, Math.abs(niqe(image, model!) - Number(whole)) < 2e-3]).toEqual([file, true]);
      expect([file, Math.abs(niqe(image, model!, 4) - Number(inside)) < 2e-3]).toEqual([
        file,
        true,
      ]);
    }
  },
});

Deno.test({
  name: "niqe() of an image with fewer than two blocks, or of one colour, is NaN",
  ignore: model === undefined,
  fn() {
    for (const [width, height] of [[191, 96], [192, 192]]) {
      const data = new Uint8ClampedArray(4 * width * height).fill(120);
      expect(niqe({ width, height, data }, model!)).toBeNaN();
    }
  },
});

Deno.test("openNiqe() refuses a file that holds something else", async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, "no parameters");
  await expect(openNiqe(file)).rejects.toThrow(
    /^Cannot read the parameters of NIQE in .*the file is not a zip file/,
  );
  await Deno.remove(file);
  await expect(openNiqe(file)).rejects.toThrow(/^Cannot find the parameters of NIQE/);
});
