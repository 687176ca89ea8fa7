import { expect } from "expect";
import { enlargements } from "../../lib/models/enlargements.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { hasShared, readNpz, shared } from "../_npz.ts";

/** Arrays of `vectors/preprocessing` for each enlargement, all of the same small image, and their tolerance. */
const golden: Record<keyof typeof enlargements, readonly [name: string, limit: number][]> = {
  bicubic: [],
  bicubic256: [["srdiff_img_lr_up_x4", 2e-6], ["srdiff_img_lr_up_x8", 2e-6]],
  pillow: [["janspiry_condition_x4", 1e-7], ["janspiry_condition_x8", 1e-7]],
  torch: [["novwaul_up_x4", 2e-6]],
};

for (const [kind, cases] of Object.entries(golden)) {
  for (const [name, limit] of cases) {
    Deno.test(`enlargements.${kind}() gives ${name}`, { ignore: !hasShared }, async () => {
      const arrays = await readNpz(new URL("vectors/preprocessing/io.npz", shared));
      const [height, width] = arrays.lr_uint8.dims;
      const { data } = arrays.lr_uint8;
      const lr = tensor([1, 3, height, width]);
      lr.data.forEach((_, i) => {
        const channel = Math.floor(i / height / width);
        lr.data[i] = Number(data[3 * (i % (height * width)) + channel]) / 127.5 - 1;
      });
      const wanted = arrays[name];
      const size = { width: wanted.dims.at(-1)!, height: wanted.dims.at(-2)! };
      const up = enlargements[kind as keyof typeof enlargements](lr, size);
      expect(up.data.length).toBe(wanted.data.length);
      // novwaul's array is in 0 to 1, before 2x - 1.
      const value = (i: number) =>
        name.startsWith("novwaul") ? 2 * Number(wanted.data[i]) - 1 : Number(wanted.data[i]);
      up.data.forEach((v, i) => expect(Math.abs(v - value(i))).toBeLessThan(limit));
    });
  }
}

Deno.test("enlargements preserve a constant, and work on a single pixel", () => {
  const value = 77 / 127.5 - 1;
  for (const [kind, enlarge] of Object.entries(enlargements)) {
    for (const [height, width] of [[1, 1], [5, 3]]) {
      const flat = tensor([1, 3, height, width]);
      flat.data.fill(value);
      const up = enlarge(flat, { width: 4 * width, height: 4 * height });
      expect(up.dims).toEqual([1, 3, 4 * height, 4 * width]);
      const wanted = kind === "bicubic256" ? 77 / 128 - 1 : value;
      up.data.forEach((v) => expect(v).toBeCloseTo(wanted, 6));
    }
  }
});
