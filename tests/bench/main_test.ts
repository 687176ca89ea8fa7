import { expect } from "expect";
import { type BenchRecord, readRecord } from "../../bench/record.ts";
import { baseline } from "../../bench/methods/baselines.ts";
import { textured, withFolder, writePng } from "./_pictures.ts";

const main = new URL("../../bench/main.ts", import.meta.url).pathname;

async function bench(args: string[], stopAfter?: RegExp) {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", main, "--no-speed", ...args],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  if (stopAfter) await interrupt(process, stopAfter);
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** Interrupts the process as soon as the results file matches. */
async function interrupt(process: Deno.ChildProcess, pattern: RegExp) {
  const [path, needle] = pattern.source.split("@@");
  for (;;) {
    const text = await Deno.readTextFile(path.replaceAll("\\", "")).catch(() => "");
    if (text.includes(needle)) return process.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function withSet(work: (folder: string, out: string) => Promise<void>) {
  await withFolder(async (folder) => {
    for (const i of [0, 1, 2]) await writePng(`${folder}/s/p${i}.png`, textured(64, 48, i));
    await work(folder, `${folder}/out.json`);
  });
}

const rowsOf = ({ rows }: BenchRecord, method: string) =>
  rows.filter((row) => row.method === method);

Deno.test("bench measures pictures made elsewhere like its own, compares, and writes results and report", () =>
  withSet(async (folder, out) => {
    for (const i of [0, 1, 2]) {
      const { resizeImage } = await import("../../mod.ts");
      const low = resizeImage(textured(64, 48, i), { width: 16, height: 12 });
      const picture = await baseline("bicubic")
        .enlarge({ low, scale: 4, seed: 0, set: "s", image: "" });
      await writePng(`${folder}/elsewhere/p${i}.png`, picture);
    }
    const run = await bench([
      ...["--model", "bicubic", "--set", `${folder}/s`, "--out", out],
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

Deno.test("bench keeps finished pictures, and tells of a failing picture without stopping the others", () =>
  withSet(async (folder, out) => {
    await writePng(`${folder}/half/p0.png`, textured(64, 48, 5));
    await writePng(`${folder}/half/p2.png`, textured(60, 48, 5));
    const args = [
      "--model",
      "bicubic",
      "--set",
      `${folder}/s`,
      "--out",
      out,
      "--results",
      `half=${folder}/half`,
    ];
    const first = await bench(args);
    expect(first.code).toBe(1);
    expect(first.stdout).toContain("FAILED half sx4 p1: Cannot find a result for p1");
    expect(first.stdout).toContain(
      "FAILED half sx4 p2: Cannot compare pictures of 60x48 and 64x48",
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
    await writePng(`${folder}/s/p1.png`, textured(64, 48, 7)); // another set: nothing may be kept
    await bench(args);
    const third = await readRecord(out);
    expect(rowsOf(third, "bicubic").every((row) => row.samples[0].figures.psnrY !== 12.34)).toBe(
      true,
    );
  }));

Deno.test("bench goes on without a method that cannot be opened, and exits with 1", () =>
  withSet(async (folder, out) => {
    const run = await bench(["--model", "nosuchmodel", "--set", `${folder}/s`, "--out", out]);
    expect(run.code).toBe(1);
    expect(run.stdout).toContain('FAILED nosuchmodel: Cannot find the model "nosuchmodel"');
    expect(rowsOf(await readRecord(out), "lanczos3").length).toBe(3);
  }));

Deno.test("bench refuses what it does not know with exit code 2, and a missing set with 1", async () => {
  expect((await bench(["--nosuch"])).code).toBe(2);
  expect((await bench(["--protocol", "9-99"])).code).toBe(2);
  expect((await bench(["--vs", "onlyone"])).code).toBe(2);
  await withFolder(async (folder) => {
    const { code, stderr } = await bench([
      "--set",
      "Nowhere",
      "--data",
      folder,
      "--out",
      `${folder}/o.json`,
    ]);
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 1]);
    expect(stderr).toContain('Cannot find the set "Nowhere"');
  });
});

Deno.test("bench, interrupted, exits with 130 and goes on from there", () =>
  withFolder(async (folder) => {
    for (let i = 0; i < 20; i++) await writePng(`${folder}/s/p${i}.png`, textured(320, 320, i));
    const out = `${folder}/out.json`;
    const args = ["--model", "bicubic", "--set", `${folder}/s`, "--out", out];
    const stopped = await bench(args, new RegExp(`${out}@@"image": "p1"`));
    expect(stopped.code).toBe(130);
    const before = (await readRecord(out)).rows.length;
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(60);
    await Deno.remove(`${folder}/s`, { recursive: true });
    expect((await bench([...args, "--set", `${folder}/s`])).code).toBe(1); // the set is gone
    expect((await readRecord(out)).rows.length).toBe(before);
  }));
