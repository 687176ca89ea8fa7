import { expect } from "expect";
import { join } from "node:path";
import { filesBelow, inFolder } from "./_folder.ts";
import { upscale } from "./_pictures.ts";

const folder = new URL("../../../shared/data/bad-inputs/", import.meta.url).pathname;
const present = await Deno.stat(folder).then(() => true, () => false);

/** File name and expectation of each row: columns 1 and 3, which contain no line break. */
async function manifest(): Promise<[string, string][]> {
  const text = await Deno.readTextFile(join(folder, "manifest.csv"));
  return text.trim().split(/\r?\n/).slice(1).map((line) => {
    const cells = line.match(/("([^"]|"")*"|[^,]*)(,|$)/g)!;
    const [file, , expected] = cells.map((cell) => cell.replace(/,$/, "").replace(/^"|"$/g, ""));
    return [file, expected];
  });
}

Deno.test({
  name:
    "upscale enlarges or refuses every file of bad-inputs as its manifest says (needs ../shared)",
  ignore: !present,
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
    const rows = await manifest();
    expect(rows.length).toBeGreaterThan(400);
    for (const [file, expected] of rows) {
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
