import { expect } from "expect";
import { type BenchRecord, readRecord } from "../../bench/record.ts";
import { baseline, baselines } from "../../bench/methods/baselines.ts";
import { resizeImage } from "../../mod.ts";
import { bench } from "./_bench.ts";
import { textured, withFolder, writePng } from "./_pictures.ts";

async function withSet(work: (folder: string, out: string) => Promise<void>) {
  await withFolder(async (folder) => {
    for (const i of [0, 1, 2]) await writePng(`${folder}/s/p${i}.png`, textured(64, 48, i));
    await work(folder, `${folder}/out.json`);
  });
}

/** Arguments that measure the baselines on the set of {@linkcode withSet}. */
const onSet = (folder: string, out: string) => [
  "--model",
  "bicubic",
  "--set",
  `${folder}/s`,
  "--out",
  out,
];

const rowsOf = ({ rows }: BenchRecord, method: string) =>
  rows.filter((row) => row.method === method);

Deno.test("bench measures images made elsewhere like its own, compares them, and writes results and a report", () =>
  withSet(async (folder, out) => {
    for (const i of [0, 1, 2]) {
      const low = resizeImage(textured(64, 48, i), { width: 16, height: 12 });
      const picture = await baseline("bicubic")
        .enlarge({ low, scale: 4, seed: 0, set: "s", image: "" });
      await writePng(`${folder}/elsewhere/p${i}.png`, picture);
    }
    const run = await bench([
      ...onSet(folder, out),
      ...["--results", `elsewhere=${folder}/elsewhere`, "--vs", "elsewhere,bicubic"],
    ]);
    expect([run.code, run.stderr.includes("failed")]).toEqual([0, false]);
    expect(run.stdout).toContain("sx4: elsewhere - bicubic");
    const record = await readRecord(out);
    const figures = (method: string) =>
      rowsOf(record, method).map((
        { image, samples: [{ figures: { seconds: _, ...rest } }] },
      ) => [image, rest]);
    expect(figures("bicubic").length).toBe(3);
    expect(figures("elsewhere")).toEqual(figures("bicubic"));
    expect(record.sets[0].digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await Deno.stat(`${folder}/out.html`)).size).toBeGreaterThan(10_000);
  }));

Deno.test("bench reuses finished images, and reports a failing image without stopping the others", () =>
  withSet(async (folder, out) => {
    await writePng(`${folder}/half/p0.png`, textured(64, 48, 5));
    await writePng(`${folder}/half/p2.png`, textured(60, 48, 5));
    const args = [...onSet(folder, out), "--results", `half=${folder}/half`];
    const first = await bench(args);
    expect(first.code).toBe(1);
    expect(first.stdout).toContain("FAILED half sx4 p1: Cannot find a result for p1");
    expect(first.stdout).toContain(
      "FAILED half sx4 p2: Cannot compare images of 60x48 and 64x48",
    );
    const marked = await readRecord(out);
    expect([rowsOf(marked, "half").length, rowsOf(marked, "bicubic").length]).toEqual([1, 3]);
    (rowsOf(marked, "bicubic")[1].samples[0].figures as Record<string, number>).psnrY = 12.34;
    await Deno.writeTextFile(out, JSON.stringify(marked));
    await writePng(`${folder}/half/p1.png`, textured(64, 48, 5));
    await writePng(`${folder}/half/p2.png`, textured(64, 48, 5));
    expect((await bench(args)).code).toBe(0);
    const second = await readRecord(out);
    expect(rowsOf(second, "half").length).toBe(3);
    expect(rowsOf(second, "bicubic")[1].samples[0].figures.psnrY).toBe(12.34);
    await writePng(`${folder}/s/p1.png`, textured(64, 48, 7)); // another set: no figure may be reused
    await bench(args);
    const third = await readRecord(out);
    expect(rowsOf(third, "bicubic").every((row) => row.samples[0].figures.psnrY !== 12.34)).toBe(
      true,
    );
  }));

Deno.test("bench continues without a method that cannot be opened, and exits with 1", () =>
  withSet(async (folder, out) => {
    const run = await bench(["--model", "nosuchmodel", "--set", `${folder}/s`, "--out", out]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('FAILED nosuchmodel: Cannot find the model "nosuchmodel"');
    expect(rowsOf(await readRecord(out), "lanczos3").length).toBe(3);
  }));

Deno.test("bench measures an entry at each temperature, reuses that, and names an entry that has no temperature", () =>
  withSet(async (folder, out) => {
    const zoo = new URL("../fixtures/zoo/", import.meta.url).pathname;
    const args = ["--set", `${folder}/s`, "--out", out, "--images", "1", "--seeds", "2"];
    const scales = ["--temperature", "0,1,0.5,1"];
    const first = await bench([
      ...args,
      ...scales,
      "--model",
      `${zoo}srflow-tiny,${zoo}regression-tiny`,
    ]);
    expect(first.code).toBe(1);
    const told = first.stdout.split("\n").filter((line) => line.startsWith("FAILED"));
    expect(told).toEqual(
      ["0", "1", "0.5"].map((scale) =>
        expect.stringContaining(
          `FAILED regression-tiny tau ${scale}: Cannot use the option "temperature"`,
        )
      ),
    );
    const marked = await readRecord(out);
    const [still, whole, half] = ["0", "1", "0.5"].map((scale) =>
      rowsOf(marked, `srflow-tiny tau ${scale}`)[0]
    );
    expect([still, whole, half].map(({ samples }) => samples.length)).toEqual([1, 2, 2]);
    expect(half.together.diversity).toBeGreaterThan(0);
    expect(whole.together.diversity).toBeGreaterThan(half.together.diversity);
    (half.samples[0].figures as Record<string, number>).psnrY = 12.34;
    await Deno.writeTextFile(out, JSON.stringify(marked));
    const again = await bench([...args, ...scales, "--model", `${zoo}srflow-tiny`]);
    expect([again.code, again.stdout.includes("srflow-tiny tau 0.5")]).toEqual([0, true]);
    const [kept] = rowsOf(await readRecord(out), "srflow-tiny tau 0.5");
    expect(kept.samples[0].figures.psnrY).toBe(12.34);
  }));

Deno.test("bench refuses unknown options and names with exit code 2, and a missing set with 1", async () => {
  expect((await bench(["--nosuch"])).code).toBe(2);
  expect((await bench(["--protocol", "9-99"])).code).toBe(2);
  expect((await bench(["--vs", "onlyone"])).code).toBe(2);
  expect((await bench(["--out", "results.txt"])).code).toBe(2);
  expect((await bench(["--speed-sizes", "9Mpx"])).code).toBe(2);
  expect((await bench(["--temperature", "0,warm"])).code).toBe(2);
  await withFolder(async (folder) => {
    const { code, stderr } = await bench([
      ...["--model", "bicubic", "--set", "Nowhere"],
      ...["--data", folder, "--out", `${folder}/o.json`],
    ]);
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
    expect(stderr).toContain('Cannot find the set "Nowhere"');
    expect(stderr).toContain("Below --data: nothing");
  });
});

Deno.test("bench reports an image that cannot be read once, and measures the others", () =>
  withSet(async (folder, out) => {
    await Deno.writeTextFile(`${folder}/s/broken.png`, "no image");
    await writePng(`${folder}/s/tiny.png`, textured(3, 2));
    const run = await bench(onSet(folder, out));
    expect(run.code).toBe(1);
    const told = run.stdout.split("\n").filter((line) => line.startsWith("FAILED"));
    expect(told).toEqual([expect.stringMatching(/^FAILED sx4 broken: Cannot /)]);
    expect(run.stdout).toContain("Too small for the protocol, left out: sx4 tiny");
    for (const method of baselines) {
      expect(rowsOf(await readRecord(out), method).length).toBe(3);
    }
  }));

Deno.test("bench refuses ambiguous names and impossible comparisons before it measures", () =>
  withSet(async (folder, out) => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await bench(["--model", "bicubic", "--out", out, ...args]);
      expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
      return stderr;
    };
    const set = ["--set", `${folder}/s`];
    expect(await refused(...set, "--vs", "bicubic,cubic")).toContain(
      'Cannot compare "cubic" (--vs): the methods of this run are nearest, bicubic, lanczos3',
    );
    expect(await refused(...set, "--results", `bicubic=${folder}/s`)).toContain(
      'Cannot measure two methods with the name "bicubic"',
    );
    await writePng(`${folder}/other/s/p0.png`, textured(64, 48));
    expect(await refused("--set", `${folder}/s,${folder}/other/s`)).toContain(
      'Cannot measure two sets with the name "sx4"',
    );
    await writePng(`${folder}/half/HR/a.png`, textured(64, 48));
    await writePng(`${folder}/half/HR/b.png`, textured(64, 48));
    await writePng(`${folder}/half/LRx4/a.png`, textured(16, 12));
    expect(await refused("--set", `${folder}/half`)).toContain("LRx4 has no image for b");
  }));

Deno.test("bench does not overwrite a file that is not its own", () =>
  withSet(async (folder, out) => {
    await Deno.writeTextFile(out, "{ half a file");
    const { code, stderr } = await bench(onSet(folder, out));
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
    expect(stderr).toContain("it is not a results file of format 1. Remove or rename it");
    expect(await Deno.readTextFile(out)).toBe("{ half a file");
  }));

Deno.test("bench measures x8, names an entry that cannot, and creates the folder of its results", () =>
  withSet(async (folder) => {
    const out = `${folder}/new/folder/out.json`;
    const tiny = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;
    const set = ["--set", `${folder}/s`, "--scale", "8"];
    const run = await bench([...set, "--out", out, "--model", tiny]);
    expect(run.code).toBe(0);
    expect(run.stdout).toContain("srdiff-tiny: not measured, since it only enlarges x4");
    const { sets, rows } = await readRecord(out);
    expect([sets.map(({ key }) => key), rows.length]).toEqual([["sx8"], 9]);
  }));

Deno.test("bench makes missing crops again without measuring again", () =>
  withSet(async (folder, out) => {
    const args = onSet(folder, out);
    await bench(args);
    const before = await readRecord(out);
    await Deno.remove(`${folder}/out.crops`, { recursive: true });
    await bench(args);
    expect((await readRecord(out)).rows).toEqual(before.rows);
    const crops = Array.from(Deno.readDirSync(`${folder}/out.crops/sx4/p1`), ({ name }) => name);
    expect(crops.sort()).toEqual(["bicubic.jpg", "lanczos3.jpg", "nearest.jpg", "truth.jpg"]);
  }));

Deno.test("bench keeps times until --fresh-speed discards them", () =>
  withSet(async (folder, out) => {
    const args = [...onSet(folder, out), "--no-quality"];
    const timed = async (...more: string[]) => {
      expect((await bench([...args, "--speed-sizes", "128", ...more])).code).toBe(0);
      return (await readRecord(out)).speed;
    };
    const first = await timed();
    expect(first.map(({ method }) => method)).toEqual([...baselines]);
    expect(await timed()).toEqual(first);
    expect(await timed("--fresh-speed")).not.toEqual(first);
  }));

Deno.test("bench exits with 130 when it is interrupted, and the next run continues from there", () =>
  withFolder(async (folder) => {
    for (let i = 0; i < 20; i++) await writePng(`${folder}/s/p${i}.png`, textured(320, 320, i));
    const out = `${folder}/out.json`;
    const args = onSet(folder, out);
    const stopped = await bench(args, { file: out, text: '"image": "p1"' });
    expect(stopped.code).toBe(130);
    const begun = await readRecord(out);
    expect(begun.rows.length).toBeGreaterThan(0);
    expect(begun.rows.length).toBeLessThan(60);
    for (const { samples } of begun.rows) Object.assign(samples[0].figures, { psnrY: 12.34 });
    await Deno.writeTextFile(out, JSON.stringify(begun));
    expect((await bench(args)).code).toBe(0);
    const { rows } = await readRecord(out);
    const kept = rows.filter(({ samples }) => samples[0].figures.psnrY === 12.34);
    expect([rows.length, kept.length]).toEqual([60, begun.rows.length]);
    await Deno.remove(`${folder}/s`, { recursive: true });
    expect((await bench(args)).code).toBe(1); // the set is gone
    expect((await readRecord(out)).rows).toEqual(rows);
  }));
