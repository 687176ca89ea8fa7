import { expect } from "expect";
import { join } from "node:path";
import { readImage } from "../../mod.ts";
import { inFolder } from "./_folder.ts";
import { filesBelow } from "./_folder.ts";
import { upscale, writePicture } from "./_pictures.ts";

const zoo = new URL("../fixtures/zoo/", import.meta.url).pathname;
const program = new URL("../../cli/generate.ts", import.meta.url).pathname;

async function generate(args: string[], cwd: string): Promise<{ code: number; errors: string }> {
  const command = new Deno.Command(Deno.execPath(), { args: ["run", "-A", program, ...args], cwd });
  const { code, stderr } = await command.output();
  return { code, errors: new TextDecoder().decode(stderr) };
}

const sizeOf = async (path: string) => {
  const { width, height } = await readImage(await Deno.readFile(path));
  return [width, height];
};

Deno.test(
  "generate draws the same image for the same seed, a contact sheet, and enlargements by further models",
  inFolder(async (folder) => {
    const size = ["--width", "24", "--height", "18", "--seed", "5"];
    const free = `${zoo}ddpm-free-tiny`;
    const first = await generate(
      [
        "--model",
        free,
        ...size,
        "--samples",
        "2",
        "--steps",
        "3",
        "-o",
        "a.png",
        "--sheet",
        "s.png",
      ],
      folder,
    );
    expect([first.code, first.errors]).toEqual([
      0,
      expect.stringMatching(/a-1\.png: 24x18, seed 5/),
    ]);
    expect(await filesBelow(folder)).toEqual(["a-1.png", "a-2.png", "s.png"]);
    expect(await sizeOf(join(folder, "a-1.png"))).toEqual([24, 18]);
    expect(await sizeOf(join(folder, "s.png"))).toEqual([4 * (24 + 8) + 8, 18 + 16]);
    const same = await generate(
      ["--model", free, ...size, "--steps", "3", "-o", "same.png"],
      folder,
    );
    expect(same.code).toBe(0);
    const [one, other, again] = await Promise.all(
      ["a-1.png", "a-2.png", "same.png"].map((name) => readImage(join(folder, name))),
    );
    expect(again.data).toEqual(one.data);
    expect(other.data).not.toEqual(one.data);
    const larger = await generate(
      ["--model", `${free},${zoo}sr3-tiny+steps=2,${zoo}regression-tiny`, ...size, "-o", "b.png"],
      folder,
    );
    expect([larger.code, await sizeOf(join(folder, "b.png"))]).toEqual([0, [384, 288]]);
  }),
);

Deno.test(
  "generate refuses an entry that enlarges, and options out of range",
  inFolder(async (folder) => {
    const enlarging = await generate(["--model", `${zoo}sr3-tiny`], folder);
    expect([enlarging.code, enlarging.errors]).toEqual([1, expect.stringMatching(/load\(\)/)]);
    const steps = await generate(["--model", `${zoo}ddpm-free-tiny`, "--steps", "21"], folder);
    expect([steps.code, steps.errors]).toEqual([2, expect.stringMatching(/--steps 21/)]);
    expect(await filesBelow(folder)).toEqual([]);
  }),
);

Deno.test(
  "upscale runs a cascade, each stage with its own options, and shows it on a contact sheet",
  inFolder(async (folder) => {
    await writePicture(join(folder, "photo.png"), 7, 5);
    await writePicture(join(folder, "hr.png"), 112, 80);
    const model = `${zoo}srdiff-tiny+steps=1,${zoo}sr3-tiny+steps=2`;
    const run = await upscale(
      ["--model", model, "--seed", "3", "--sheet", "s.png", "--truth", "hr.png", "photo.png"],
      { cwd: folder },
    );
    expect([run.code, run.text]).toEqual([0, ""]);
    expect(await filesBelow(folder)).toEqual(
      ["hr.png", "photo-srdiff-tiny+sr3-tiny-x16.png", "photo.png", "s.png"],
    );
    expect(await sizeOf(join(folder, "photo-srdiff-tiny+sr3-tiny-x16.png"))).toEqual([112, 80]);
    // input, bicubic, three states, result, truth: two rows of five cells
    expect(await sizeOf(join(folder, "s.png"))).toEqual([5 * (112 + 8) + 8, 2 * (80 + 8) + 8]);
  }),
);

Deno.test(
  "upscale refuses a sheet of several images, and a truth without a sheet",
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 4, 4);
    await writePicture(join(folder, "b.png"), 4, 4);
    const model = ["--model", "bicubic", "--sheet", "s.png"];
    const several = await upscale([...model, "a.png", "b.png"], { cwd: folder });
    expect([several.code, several.errors]).toEqual([2, expect.stringMatching(/shows one image/)]);
    const truth = await upscale(["--truth", "b.png", "a.png"], { cwd: folder });
    expect([truth.code, truth.errors]).toEqual([2, expect.stringMatching(/--sheet/)]);
  }),
);

Deno.test(
  "generate and upscale --sheet refuse files that cannot be written before any work, and replace no device",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    await new Deno.Command("mkfifo", { args: [join(folder, "pipe")] }).output();
    await writePicture(join(folder, "a.png"), 8, 8);
    await Deno.writeTextFile(join(folder, "file"), "");
    const free = [
      "--model",
      `${zoo}ddpm-free-tiny`,
      "--steps",
      "1",
      "--width",
      "8",
      "--height",
      "8",
    ];
    const refused: [string[], RegExp][] = [
      [["-o", "pipe"], /not an ordinary file/],
      [["-o", "."], /is a folder/],
      [["-o", "file/a.png"], /Cannot write into file/],
      [["-o", "a.gif"], /cannot write GIF/],
      [["-o", "-", "--samples", "2"], /standard output holds one image/],
      [["-o", "b.png", "--sheet", "b.png"], /the sheet would be written over an image/],
      [["-o", "b.png", "--sheet", "pipe"], /not an ordinary file/],
    ];
    for (const [args, message] of refused) {
      const { code, errors } = await generate([...free, ...args], folder);
      expect([args, code, errors]).toEqual([args, 2, expect.stringMatching(message)]);
      expect(errors).not.toContain("image 1");
    }
    const sheets: [string[], RegExp][] = [
      [["--sheet", "pipe"], /not an ordinary file/],
      [["--sheet", "a.png"], /would overwrite the input/],
      [["--sheet", "s.jpg"], /written as PNG/],
      [["--sheet", "a-bicubic-x4.png"], /give the sheet another name/],
      [["--sheet", "file/s.png"], /Cannot write into file/],
      [["--sheet", "s.png", "--truth", "none.png"], /Cannot find none.png/],
      [["-o", "b.png", "--sheet", "s.png", "--truth", "b.png"], /Cannot find b.png/],
    ];
    for (const [args, message] of sheets) {
      const { code, errors } = await upscale(["--model", "bicubic", "a.png", ...args], {
        cwd: folder,
      });
      expect([args, code, errors]).toEqual([args, 2, expect.stringMatching(message)]);
    }
    expect(await filesBelow(folder)).toEqual(["a.png", "file", "pipe"]);
    const { code } = await generate([...free, "-o", "made.webp"], folder);
    expect([code, await sizeOf(join(folder, "made.webp"))]).toEqual([0, [8, 8]]);
    const bytes = await Deno.readFile(join(folder, "made.webp"));
    expect(new TextDecoder("latin1").decode(bytes.subarray(8, 12))).toBe("WEBP");
  }),
);
