import { expect } from "expect";
import { openSessions } from "../../lib/runtime/providers.ts";
import { compare } from "../../lib/runtime/self_check.ts";
import { tensor } from "../../lib/tensor/tensor.ts";
import { readFixture } from "../contracts/session.ts";

const wanted = tensor([4], Float32Array.of(-1, 0, 0.5, 1));

const verdicts: [string, number[], RegExp | undefined][] = [
  ["accepts values within the tolerance", [-1.001, 0, 0.5, 1], undefined],
  [
    "refuses values beyond the tolerance",
    [-1, 0.1, 0.5, 1],
    /off by 0.050 of its range, allowed 0.001/,
  ],
  ["refuses numbers that are not finite", [-1, 0, NaN, 1], /not finite/],
  ["refuses a black image", [-1, -1, -1, -1], /constant/],
];

for (const [sentence, values, fault] of verdicts) {
  Deno.test(`compare() ${sentence}`, () => {
    const found = compare(tensor([4], Float32Array.from(values)), wanted, 1e-3);
    if (fault) expect(found).toMatch(fault);
    else expect(found).toBe(undefined);
  });
}

Deno.test("compare() refuses another shape, and a missing tensor", () => {
  expect(compare(tensor([2, 2]), wanted, 1)).toMatch(/is \[2,2\], recorded \[4\]/);
  expect(compare(undefined, wanted, 1)).toMatch(/missing/);
});

Deno.test("openSessions() refuses a provider whose outputs differ from the recorded ones", async () => {
  const graphs = [{ name: "scale", bytes: await readFixture("scale.onnx") }];
  const fixture = await readFixture("scale.safetensors");
  const good = await openSessions(graphs, { provider: "native", fixture });
  await good[Symbol.asyncDispose]();

  const numbers = new DataView(fixture.buffer);
  numbers.setFloat32(fixture.length - 4, numbers.getFloat32(fixture.length - 4, true) + 1, true);
  const tried = await openSessions(graphs, { fixture })
    .catch((error) => error.tried);
  expect(tried.slice(-2)).toEqual([
    {
      provider: "native",
      reason: expect.stringMatching(/^self-check: output "out" of "scale" is off/),
    },
    {
      provider: "wasm",
      reason: expect.stringMatching(/^self-check: output "out" of "scale" is off/),
    },
  ]);
});

Deno.test("openSessions() checks every graph of an entry against its fixture", async () => {
  const folder = new URL("../fixtures/zoo/tiny/", import.meta.url);
  const graphs = await Promise.all(
    ["encoder", "denoiser"].map(async (name) => ({
      name,
      bytes: await Deno.readFile(new URL(`${name}.onnx`, folder)),
    })),
  );
  const fixture = await Deno.readFile(new URL("fixture.safetensors", folder));
  await using opened = await openSessions(graphs, { provider: "native", fixture });
  expect(Object.keys(opened.sessions)).toEqual(["encoder", "denoiser"]);
  const wrong = await readFixture("scale.safetensors");
  await expect(openSessions(graphs, { provider: "native", fixture: wrong }))
    .rejects.toThrow(/the fixture has no "encoder\/out/);
});
