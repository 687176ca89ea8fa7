import { expect } from "expect";
import { lumaOf } from "../../lib/image/color.ts";
import type { Image } from "../../lib/image/image.ts";
import { toImage, toTensor } from "../../lib/image/pixels.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { crop } from "../../lib/tensor/window.ts";
import { hasShared, readNpz, shared } from "../_npz.ts";

/** All 256 bytes in each channel, in a different order in each. */
function every(channels?: 1 | 2 | 3 | 4): Image {
  const data = new Uint8ClampedArray(1024);
  for (let i = 0; i < 256; i++) data.set([i, 255 - i, i ^ 85, i ^ 170], 4 * i);
  return { width: 16, height: 16, data, channels };
}

Deno.test("toTensor() and toImage() preserve every byte", () => {
  const image = every(4);
  const { rgb, alpha } = toTensor(image);
  expect(rgb.dims).toEqual([1, 3, 16, 16]);
  expect(alpha?.dims).toEqual([1, 1, 16, 16]);
  expect([Math.min(...rgb.data), Math.max(...rgb.data)]).toEqual([-1, 1]);
  expect(toImage(rgb, { alpha })).toEqual(image);
});

Deno.test("toTensor() separates alpha only if there is some", () => {
  expect(toTensor(every(3)).alpha).toBeUndefined();
  expect(toTensor(every()).alpha).toBeDefined();
  const opaque: Image = { width: 1, height: 1, data: Uint8ClampedArray.of(1, 2, 3, 255) };
  expect(toTensor(opaque).alpha).toBeUndefined();
});

Deno.test({
  name: "toImage() rounds and clamps as SR3 and SRDiff do",
  ignore: !hasShared,
  async fn() {
    const golden = await readNpz(new URL("vectors/preprocessing/io.npz", shared));
    const { data: values, dims } = golden.out_values;
    const made = toImage(tensor(dims, Float32Array.from(values)));
    const planes = golden.janspiry_out_uint8.data, pixels = golden.srdiff_out_uint8.data;
    const area = planes.length / 3;
    const off = Array.from({ length: planes.length }, (_, i) => {
      const at = i % area, channel = Math.floor(i / area);
      expect(pixels[3 * at + channel]).toBe(planes[i]);
      return Math.abs(made.data[4 * at + channel] - planes[i]);
    });
    expect(Math.max(...off)).toBeLessThanOrEqual(1); // NumPy rounds halves to even
    expect(off.filter((d) => d > 0).length).toBeLessThan(0.01 * off.length);
  },
});

Deno.test("toImage() merges the colours of a gray image and keeps its profile", () => {
  const iccProfile = new Uint8Array(128);
  const rgb = tensor([1, 3, 1, 1], Float32Array.of(1, -1, -1));
  const image = toImage(rgb, { channels: 1, iccProfile, notes: ["note"] });
  expect([...image.data]).toEqual([76, 76, 76, 255]);
  expect(image.iccProfile).toBe(iccProfile);
  expect([image.channels, image.notes]).toEqual([1, ["note"]]);
});

Deno.test("toImage() clamps what is out of range, and rounds half up", () => {
  const values = [-1e30, -7, -1, 1e-9, 1 / 255, 1, 1.002, 300, 1e30];
  const row = tensor([1, 3, 1, 9], Float32Array.from([...values, ...values, ...values]));
  const bytes = toImage(row).data.filter((_, i) => i % 4 === 0);
  expect([...bytes]).toEqual([0, 0, 0, 128, 128, 255, 255, 255, 255]);
});

Deno.test("toImage() refuses NaN and infinity in the pixels that it shows", () => {
  const values = tensor([1, 3, 1, 2]);
  for (const value of [NaN, Infinity, -Infinity]) {
    for (const at of [0, 2, 4]) {
      const broken = tensor([1, 3, 1, 2], values.data.with(at, value));
      expect(() => toImage(broken)).toThrow(/NaN or infinite values/);
      expect(() => toImage(broken, { isGray: true })).toThrow(/NaN or infinite values/);
      expect(toImage(broken, { window: { x: 1, y: 0, width: 1, height: 1 } }).width).toBe(1);
    }
  }
});

Deno.test("toImage() of a window equals toImage() of the cropped tensor, in colour and in gray", () => {
  const { rgb } = toTensor(every(3));
  const window = { x: 3, y: 2, width: 5, height: 9 };
  for (const options of [{}, { isGray: true }, { channels: 1 }, { channels: 3 }] as const) {
    const cut = toImage(crop(rgb, window), options);
    expect(toImage(rgb, { ...options, window })).toEqual(cut);
    expect([cut.width, cut.height]).toEqual([5, 9]);
  }
  const merged = toImage(rgb, { isGray: true });
  expect(merged.channels).toBe(3);
  merged.data.forEach((v, i) => i % 4 < 3 && expect(v).toBe(merged.data[i - i % 4]));
});

Deno.test("toImage() takes one item of a batch", () => {
  const batch = tensor([2, 3, 1, 1], Float32Array.of(-1, -1, -1, 1, 1, 1));
  expect([...toImage(batch, { item: 1 }).data]).toEqual([255, 255, 255, 255]);
  expect(() => toImage(batch, { item: 2 })).toThrow(RangeError);
});

Deno.test("lumaOf() equals MATLAB's rgb2ycbcr for primaries, and returns gray unchanged", () => {
  const colors = [[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255]];
  const data = Uint8ClampedArray.from(colors.flatMap((color) => [...color, 255]));
  const image: Image = { width: 5, height: 1, data, channels: 3 };
  expect([...lumaOf(image)]).toEqual([235, 16, 81, 145, 41]);
  const exact = lumaOf(image, { round: false });
  [235, 16, 81.481, 144.553, 40.966].forEach((y, i) => expect(exact[i]).toBeCloseTo(y, 3));
  expect([...lumaOf({ ...image, channels: 1 })]).toEqual([255, 0, 255, 0, 0]);
});
