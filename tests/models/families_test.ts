import { expect } from "expect";
import { ManifestError, UnsupportedError } from "../../lib/errors.ts";
import { resize } from "../../lib/image/resize.ts";
import { families, familyOf } from "../../lib/models/mod.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { type Opened, openTiny, readTiny, testFamily, testPicture } from "../contracts/family.ts";
import { sampleOf } from "../contracts/family.ts";

/** An entry without a graph. */
function openBicubic(): Promise<Opened> {
  const card = { id: "bicubic", family: "bicubic", scale: 4, graphs: {} } as unknown as ModelCard;
  const model = families.bicubic(card, {});
  return Promise.resolve({ card, model, [Symbol.asyncDispose]: () => Promise.resolve() });
}

testFamily("bicubic", openBicubic, 0);
testFamily("regression", () => openTiny("regression-tiny"), 1);
testFamily("srdiff", () => openTiny("srdiff-tiny"), 2);
testFamily("sr3", () => openTiny("sr3-tiny"), 1);
testFamily("ddpm", () => openTiny("ddpm-tiny"), 2);
testFamily("srflow", () => openTiny("srflow-tiny"), 1);

Deno.test("familyOf() refuses an unknown name and lists the known ones", () => {
  expect(() => familyOf("esrgan")).toThrow(UnsupportedError);
  expect(() => familyOf("toString")).toThrow(/bicubic, regression, srdiff, sr3, ddpm, srflow/);
});

Deno.test("families refuse a card without their graphs", async () => {
  for (const id of ["regression-tiny", "srdiff-tiny", "sr3-tiny", "ddpm-tiny"]) {
    const { card } = await readTiny(id);
    expect(() => families[card.family](card, {})).toThrow(ManifestError);
  }
});

Deno.test("bicubic() equals the exact bicubic", async () => {
  await using entry = await openBicubic();
  const lr = testPicture(9, 11);
  expect((await sampleOf(entry, lr)).data).toEqual(resize(lr, { width: 44, height: 36 }).data);
});

Deno.test("regression() does not change its input", async () => {
  await using entry = await openTiny("regression-tiny");
  const lr = testPicture(20, 20);
  const before = lr.data.slice();
  await sampleOf(entry, lr);
  expect(lr.data).toEqual(before);
});
