import { expect } from "expect";
import { badInputs, data, hasData } from "../image/_data.ts";
import { filesBelow, inFolder } from "./_folder.ts";
import { upscale } from "./_pictures.ts";

const folder = new URL("bad-inputs/", data).pathname;

Deno.test({
  name:
    "upscale enlarges or refuses every file of bad-inputs as its manifest says (needs ../shared)",
  ignore: !hasData,
  fn: inFolder(async (out) => {
    const run = await upscale(["--model", "bicubic", "--json", "--out", out, folder]);
    expect([run.code, run.errors]).toEqual([1, ""]);
    const events = run.text.trim().split("\n").map((line) => JSON.parse(line));
    const ends = new Map<string, { event: string; message?: string; why?: string }>();
    for (const event of events) {
      if (!["done", "error", "skipped"].includes(event.event)) continue;
      const name = event.file.slice(folder.length);
      expect([name, ends.has(name)]).toEqual([name, false]);
      ends.set(name, event);
    }
    const rows = await badInputs();
    expect(rows.length).toBeGreaterThan(400);
    for (const { file, expected } of rows) {
      const end = ends.get(file);
      const text = end?.message ?? end?.why ?? "";
      expect([file, end?.event, text.includes("\n")]).toEqual([file, end?.event, false]);
      // An image that decodes may still be too large to enlarge in the available memory.
      if (expected === "decodes" && / within .*memory/.test(text)) continue;
      if (expected === "decodes") expect([file, end?.event, text]).toEqual([file, "done", ""]);
      if (expected.startsWith("must")) {
        expect([file, ["error", "skipped"].includes(end!.event)]).toEqual([file, true]);
        expect(text).toMatch(/Cannot/);
      }
    }
    const written = events.filter(({ event }) => event === "done").length;
    expect((await filesBelow(out)).length).toBe(written);
  }),
});
