import { expect } from "expect";
import { load } from "../../mod.ts";
import { described } from "../../cli/errors.ts";

Deno.test("described() makes one line that names the file", () => {
  expect(described(new Error("Cannot read it:\n  no"), "a.png").message)
    .toBe("a.png: Cannot read it: no");
  expect(described(new Error("Cannot find a.png"), "a.png").message).toBe("Cannot find a.png");
  expect(described("thrown", "a.png")).toEqual({ message: "a.png: thrown" });
  expect(described("half-read", "-")).toEqual({ message: "standard input: half-read" });
});

Deno.test("described() adds the stack only when it is asked for", () => {
  expect(described(new Error("no")).stack).toBe(undefined);
  expect(described(new Error("no"), undefined, true).stack).toMatch(/errors_test\.ts/);
});

Deno.test("described() names the flag of a missing permission, even if it is the cause of another error", () => {
  const cause = new Deno.errors.NotCapable(
    'Requires read access to "/cache/png.wasm", run again with the --allow-read flag',
  );
  const wrapped = new Error("Cannot decode the PNG data: damaged", { cause });
  expect(described(wrapped, "a.png").message)
    .toBe('a.png: Deno does not allow this work: add --allow-read=/cache/png.wasm to "deno run"');
});

Deno.test("described() says what to do when memory runs out", () => {
  expect(described(new RangeError("Array buffer allocation failed"), "a.png").message)
    .toMatch(/^a\.png: Not enough memory.*--memory/);
});

Deno.test("described() names the options as the command line does", async () => {
  await using upscaler = await load("bicubic");
  await using srdiff = await load(
    new URL("../fixtures/zoo/srdiff-tiny/model.yml", import.meta.url),
    { provider: "native" },
  );
  const size = { width: 4000, height: 4000 };
  const cases: [() => unknown, RegExp][] = [
    [() => srdiff.plan(size, { steps: 5000 }), /^Cannot use --steps 5000: /],
    [() => srdiff.plan(size, { sampler: "euler" as "ddim" }), /^Cannot use --sampler euler: /],
    [() => srdiff.plan(size, { temperature: 9 }), /^Cannot use --temperature 9: /],
    [() => upscaler.plan(size, { memory: 1e6 }), /--memory.*--tile.*--samples/],
  ];
  for (const [work, text] of cases) {
    let message = "";
    try {
      work();
    } catch (error) {
      ({ message } = described(error));
    }
    expect(message).toMatch(text);
  }
});
