import { expect } from "expect";
import { existsSync } from "node:fs";
import { discMask, discOnly, largestOutside } from "../../bench/abilities/disc.ts";
import { onLine } from "../../bench/abilities/fidelity.ts";
import { rises } from "../../bench/abilities/interpolation.ts";
import { markdownOf } from "../../bench/abilities/markdown.ts";
import { findingOf } from "../../bench/abilities/speed.ts";
import { fewestSteps } from "../../bench/abilities/steps.ts";
import { writeBetweenMarks } from "../../bench/marks.ts";
import { type BenchRecord, readRecord } from "../../bench/record.ts";
import { writeStepsDefault } from "../../bench/zoo_figures.ts";
import { copyFolder } from "../_folder.ts";
import { textured, withFolder, writePng } from "./_pictures.ts";

const root = new URL("../../", import.meta.url);

async function abilities(args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", new URL("bench/abilities.ts", root).pathname, "--quiet", ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("rises() lists each change in order", () => {
  expect(rises([0, 2, 1.5, 1.5])).toEqual([2, -0.5, 0]);
});

Deno.test("onLine() interpolates linearly between two points, and extrapolates beyond them", () => {
  const line = (x: number) => onLine(x, [26, 0.4], [28, 0.2]);
  expect([line(26), line(27), line(28)]).toEqual([0.4, expect.closeTo(0.3, 12), 0.2]);
  expect(line(30)).toBeCloseTo(0, 12);
});

Deno.test("fewestSteps() chooses more steps only where they measurably help", () => {
  const rows = (values: readonly number[]) =>
    values.map((lpips, i) => ({
      ...{ method: "m", methodDigest: "d", set: "s", setDigest: "d", image: `${i}`, together: {} },
      samples: [{ seed: 0, figures: { lpips: lpips - 0.01 } }, {
        seed: 1,
        figures: { lpips: lpips + 0.01 },
      }],
    }));
  const one = rows([0.2, 0.3, 0.25, 0.21]);
  const noisy = rows([0.1, 0.35, 0.3, 0.19]);
  const better = rows([0.18, 0.28, 0.235, 0.19]);
  expect(fewestSteps(new Map([[1, one], [2, noisy]]))).toBe(1);
  expect(fewestSteps(new Map([[4, better], [1, one], [2, noisy]]))).toBe(2);
  expect(fewestSteps(new Map([[1, one], [8, better.slice(0, 1)]]))).toBe(1); // one image proves nothing
  expect(fewestSteps(new Map([[1, better], [2, one]]))).toBe(1);
});

Deno.test("findingOf() of speed reports the median times, and the median of the ratios of each turn", () => {
  const sample = (seed: number, mine: number, theirs: number) => {
    const times = (value: number, prefix = "") =>
      Object.fromEntries(
        ["graphs", "whole", "processor"].map((key, i) => [prefix + key, value + i]),
      );
    return { seed, figures: { ...times(mine), ...times(theirs, "srdiff ") } };
  };
  const place = { method: "m", methodDigest: "d", set: "s", setDigest: "d", together: {} };
  const row = (image: string, slow: number) => ({
    ...place,
    image,
    samples: [sample(0, 100, 50), sample(1, slow, 400), sample(2, 40, 30)],
  });
  const card = { id: "f", scale: 4, figures: { BSD100x4: { lpips: 0.21 } } };
  const { rows, promises } = findingOf([row("128", 401), row("1Mpx", 641)], card, {
    ...card,
    id: "srdiff",
    figures: {},
  });
  expect(rows[0]).toEqual(["128", "f", "100", "101", "102", "0.2100"]);
  expect(rows[1]).toEqual(["128", "srdiff, one step", "50", "51", "52", ""]);
  expect(rows[2].slice(2, 5)).toEqual(["**1.33**", "**1.32**", "**1.31**"]);
  expect(promises[0]).toEqual({ text: expect.stringMatching(/step: 1\.60$/), kept: false });
  expect(findingOf([row("128", 401)], card, card).promises[0].kept).toBe(true);
});

Deno.test("writeStepsDefault() changes the default and nothing else", () =>
  withFolder(async (folder) => {
    const path = `${folder}/model.yml`;
    const card = "id: a\nsteps:\n  default: 4\n  max: 100\nother:\n  default: 4\n";
    await Deno.writeTextFile(path, card);
    await writeStepsDefault(path, 1);
    expect(await Deno.readTextFile(path)).toBe(card.replace("default: 4", "default: 1"));
  }));

Deno.test("discMask() is a disc in the middle whose radius is a quarter of the shorter side", () => {
  const { data } = discMask({ width: 80, height: 40 });
  const white = data.filter((value, i) => i % 4 === 0 && value === 255).length;
  expect(Math.abs(white / (Math.PI * 10 ** 2) - 1)).toBeLessThan(0.02);
  const at = (x: number, y: number) => data[4 * (y * 80 + x)];
  expect([at(40, 20), at(40, 11), at(40, 9), at(31, 20), at(29, 20)]).toEqual([
    255,
    255,
    0,
    255,
    0,
  ]);
});

Deno.test("discOnly() crops to the disc, and largestOutside() ignores changes inside it", () => {
  const a = textured(80, 40, 1), b = textured(80, 40, 2), mask = discMask(a);
  const inside = discOnly(a, mask, b);
  expect([inside.width, inside.height]).toEqual([20, 20]);
  expect(inside.data.slice(0, 4)).toEqual(b.data.slice(4 * (10 * 80 + 30), 4 * (10 * 80 + 30) + 4));
  const middle = 4 * (20 * 80 + 40);
  expect(inside.data.slice(4 * 210, 4 * 211)).toEqual(a.data.slice(middle, middle + 4));
  const changed = (x: number, by: number) => {
    const data = new Uint8ClampedArray(a.data);
    data[4 * (20 * 80 + x) + 1] += by;
    return { ...a, data };
  };
  expect(largestOutside(a, changed(40, 9), mask)).toBe(0);
  expect(largestOutside(a, changed(3, -9), mask)).toBe(9);
});

Deno.test("markdownOf() says which promises do not hold", () => {
  const promises = [{ text: "one", kept: true }, { text: "two", kept: false }];
  const text = markdownOf({
    title: "T",
    how: "So.",
    head: ["a", "b"],
    rows: [["1", "2"]],
    promises,
  }, "S");
  expect(text.split("\n")).toEqual([
    "**T** (S). So.",
    "",
    "| a | b |",
    "| - | - |",
    "| 1 | 2 |",
    "",
    "- Holds: one",
    "- **Does not hold**: two",
  ]);
});

Deno.test("writeBetweenMarks() changes only the text between the marks, can be repeated, and refuses a file without marks", () =>
  withFolder(async (folder) => {
    const path = `${folder}/README.md`;
    await Deno.writeTextFile(
      path,
      "before\n<!-- abilities -->\nold\n<!-- /abilities -->\nafter $1\n",
    );
    for (const _ of [1, 2]) await writeBetweenMarks(path, "abilities", "new $& text");
    expect(await Deno.readTextFile(path)).toBe(
      "before\n<!-- abilities -->\n\nnew $& text\n\n<!-- /abilities -->\nafter $1\n",
    );
    await Deno.writeTextFile(path, "nothing here\n");
    await expect(writeBetweenMarks(path, "abilities", "text")).rejects.toThrow("no place");
    expect(await Deno.readTextFile(path)).toBe("nothing here\n");
  }));

/** Runs `work` with a copy of a tiny entry, which has a README, and a set of two pictures. */
async function withEntry(work: (folder: string, args: string[]) => Promise<void>) {
  await withFolder(async (folder) => {
    await copyFolder(new URL("tests/fixtures/zoo/srdiff-tiny/", root), `${folder}/tiny`);
    await Deno.writeTextFile(
      `${folder}/tiny/README.md`,
      "# tiny\n\n<!-- abilities -->\n<!-- /abilities -->\n\nEnd.\n",
    );
    for (const i of [0, 1]) await writePng(`${folder}/s/p${i}.png`, textured(64, 64, i));
    const chosen = ["--model", `${folder}/tiny`, "--set", `${folder}/s`];
    await work(folder, [...chosen, "--out", `${folder}/out.json`]);
  });
}

Deno.test({
  name:
    "bench:abilities measures everything, reuses its figures, and writes the README (needs ../shared)",
  ignore: !existsSync(new URL("../shared/lpips/lpips_alex.onnx", root)),
  fn: () =>
    withEntry(async (folder, args) => {
      const few = ["--images", "2,steps=0,steps:1=1"];
      const first = await abilities([...args, ...few, "--write"]);
      expect(first.stderr).toBe("");
      expect(first.code).toBe(first.stdout.includes("Does not hold") ? 1 : 0);
      const titles = [...first.stdout.matchAll(/^\*\*([^*]+)\*\* \(sx4\)/gm)].map(([, title]) =>
        title
      );
      expect(titles).toEqual([
        "Number of steps",
        "Fidelity dial",
        "Temperature",
        "Tiles",
        "Uncertainty",
        "Interpolation between seeds",
        "Fusion",
      ]);
      expect(await Deno.readTextFile(`${folder}/tiny/README.md`)).toBe(
        `# tiny\n\n<!-- abilities -->\n\n${first.stdout.trimEnd()}\n\n<!-- /abilities -->\n\nEnd.\n`,
      );
      const record = await readRecord(`${folder}/out.json`);
      expect(countsOf(record)).toEqual([1, 1, ...Array(14).fill(2)]);
      for (const { method, together } of record.rows) {
        if (method.includes("uncertainty")) Object.assign(together, { map: 0.125 });
      }
      await Deno.writeTextFile(`${folder}/out.json`, JSON.stringify(record));
      const none = await abilities([...args, "--images", "0"]);
      expect(none.stdout).not.toContain("**");
      const shown = await abilities([...args, "--only", "steps", "--images", "0,steps:1=1"]);
      expect([shown.code, shown.stdout.includes("at least 0.3: 0.125")]).toEqual([1, true]);
      await writePng(`${folder}/s/p1.png`, textured(64, 64, 7)); // another set: no figure may be reused
      const other = await abilities([...args, "--images", "1", "--only", "uncertainty"]);
      expect(other.stdout).not.toContain("0.125");
      expect(other.stdout).not.toContain("Fusion");
    }),
});

/** How many rows each probe has. */
function countsOf({ rows }: BenchRecord): number[] {
  const names = rows.map(({ method }) => method);
  return [...new Set(names)].map((name) => names.filter((other) => other === name).length);
}

Deno.test("bench:abilities refuses unknown options and names with exit code 2", async () => {
  for (const args of [["--only", "nosuch"], ["--images", "many"], ["--threads", "0"]]) {
    expect((await abilities(args)).code).toBe(2);
  }
});
