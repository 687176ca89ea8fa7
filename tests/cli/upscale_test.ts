import { expect } from "expect";
import { join } from "node:path";
import { readImage } from "../../mod.ts";
import { filesBelow, inFolder } from "./_folder.ts";
import { program, upscale, writePicture } from "./_pictures.ts";

const tiny = new URL("../fixtures/zoo/srdiff-tiny", import.meta.url).pathname;

/** Width, height and channels of an image file. */
async function facts(path: string): Promise<[number, number, number | undefined]> {
  const { width, height, channels } = await readImage(await Deno.readFile(path));
  return [width, height, channels];
}

async function bytesOf(folder: string, names: string[]): Promise<Uint8Array[]> {
  return await Promise.all(names.map((name) => Deno.readFile(join(folder, name))));
}

Deno.test(
  "upscale writes the result beside the input and reports it on standard error only",
  inFolder(async (folder) => {
    await writePicture(join(folder, "photo.png"), 9, 7);
    const run = await upscale(["--model", "bicubic", "photo.png"], { cwd: folder });
    expect([run.code, run.text]).toEqual([0, ""]);
    expect(run.errors).toMatch(/photo\.png: 9x7 -> 36x28, about \d+ MB of memory, about 1 s/);
    expect(run.errors).toMatch(/photo\.png -> photo-bicubic-x4\.png \(1 s\)/);
    for (const sign of ["\r", "\x1b"]) expect(run.errors).not.toContain(sign);
    expect(await filesBelow(folder)).toEqual(["photo-bicubic-x4.png", "photo.png"]);
    expect(await facts(join(folder, "photo-bicubic-x4.png"))).toEqual([36, 28, 3]);
    const text = new TextDecoder("latin1").decode(
      (await bytesOf(folder, ["photo-bicubic-x4.png"]))[0],
    );
    expect(text).toContain("Model\0bicubic ");
  }),
);

Deno.test(
  "upscale keeps names, formats, channels and the tree below a folder, at the requested factor",
  inFolder(async (folder) => {
    const inside = join(folder, "in");
    await Deno.mkdir(join(inside, "deep"), { recursive: true });
    await writePicture(join(inside, "gray alpha.png"), 8, 6, 2);
    await writePicture(join(inside, "deep/ünïcode 100%20#q&x.jpg"), 8, 6);
    await writePicture(join(inside, "deep/-dash.webp"), 8, 6, 4);
    const out = join(folder, "out");
    const run = await upscale(["--model", "bicubic", "--scale", "2.5", "--out", out, inside]);
    expect([run.code, run.text]).toEqual([0, ""]);
    expect(run.errors.match(/enlarged x4 by the model, then resized by bicubic/g)?.length).toBe(3);
    const names = ["deep/-dash.webp", "deep/ünïcode 100%20#q&x.jpg", "gray alpha.png"];
    expect(await filesBelow(out)).toEqual(names);
    const all = await Promise.all(names.map((name) => facts(join(out, name))));
    expect(all).toEqual([[20, 15, 4], [20, 15, 3], [20, 15, 2]]);
  }),
);

Deno.test(
  "upscale works as a filter from standard input to standard output",
  inFolder(async (folder) => {
    const path = join(folder, "a.png");
    await writePicture(path, 5, 4, 4);
    const args = ["--model", "bicubic", "--quiet", "--format", "webp", "--strip", "-", "-o", "-"];
    const run = await upscale(args, { stdin: await Deno.readFile(path) });
    expect([run.code, run.errors]).toEqual([0, ""]);
    expect(new TextDecoder("latin1").decode(run.out)).not.toContain("bicubic");
    const { width, height, channels } = await readImage(run.out);
    expect([width, height, channels]).toEqual([20, 16, 4]);
  }),
);

Deno.test(
  "upscale refuses wrong usage before any work, in one line",
  inFolder(async (folder) => {
    await Deno.mkdir(join(folder, "x"));
    await writePicture(join(folder, "a.png"), 4, 4);
    await writePicture(join(folder, "x/a.png"), 4, 4);
    const cases: [string[], RegExp][] = [
      [["a.png", "x/a.png", "--out", "out"], /a\.png and x\/a\.png would both be written to/],
      [["a.png", "-o", "x/../a.png"], /would overwrite the input/],
      [["a.png", "--model", "bicubik"], /did you mean bicubic/],
      [["a.png", "--seed", "1"], /bicubic does not have --seed/],
      [["a.png", "-o", "x"], /is a folder/],
      [["a.png", "-o", "b.avif"], /cannot write AVIF/],
      [["a.png", "--out", "a.png"], /not a folder/],
      [["a.png", "--out", "/proc/out"], /Cannot write into \/proc/],
    ];
    for (const [args, why] of cases) {
      const run = await upscale(["--model", "bicubic", ...args], { cwd: folder });
      expect([args, run.code, run.errors.split("\n").length]).toEqual([args, 2, 2]);
      expect(run.errors).toMatch(why);
    }
    expect(await filesBelow(folder)).toEqual(["a.png", "x/a.png"]);
  }),
);

Deno.test(
  "upscale continues with the other files when one fails, and --json reports events",
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 6, 6);
    await Deno.writeTextFile(join(folder, "b.png"), "no picture");
    await writePicture(join(folder, "c.png"), 6, 6);
    await writePicture(join(folder, "d.png"), 600, 600);
    const names = ["a.png", "b.png", "c.png", "d.png", "gone.png"];
    const args = ["--model", "bicubic", "--json", "--memory", "250MB", "--out", "out", ...names];
    const run = await upscale(args, { cwd: folder });
    expect([run.code, run.errors]).toEqual([1, ""]);
    const events = run.text.trim().split("\n").map((line) => JSON.parse(line));
    const failed = events.filter(({ event }) => event === "error");
    expect(failed.map(({ file }) => file)).toEqual(["b.png", "d.png", "gone.png"]);
    expect(failed[1].message).toMatch(/^d\.png: .* within 250 MB.* takes .*--memory/);
    expect(failed.every(({ message }) => !message.includes("\n"))).toBe(true);
    expect(events.at(-1)).toMatchObject({ event: "summary", done: 2, skipped: 0, failed: 3 });
    const done = events.find(({ event }) => event === "done");
    expect(done).toMatchObject({
      file: "a.png",
      outputs: ["out/a.png"],
      width: 24,
      provider: "none",
    });
    expect(await filesBelow(join(folder, "out"))).toEqual(["a.png", "c.png"]);
  }),
);

Deno.test(
  "upscale divides a folder into shards, and --skip-existing skips finished results",
  inFolder(async (folder) => {
    const names = Array.from({ length: 7 }, (_, i) => `${i}.png`);
    for (const name of names) await writePicture(join(folder, name), 4, 4);
    const run = (...args: string[]) =>
      upscale(["--model", "bicubic", "--json", ...args, folder, "--out", join(folder, "out")]);
    const runs = await Promise.all(["1/3", "2/3", "3/3"].map((share) => run("--shard", share)));
    const counts = runs.map(({ text }) => JSON.parse(text.trim().split("\n").at(-1)!).done);
    expect(counts).toEqual([2, 2, 3]);
    expect(await filesBelow(join(folder, "out"))).toEqual(names);

    await Deno.remove(join(folder, "out/4.png"));
    const { text } = await run("--skip-existing", "--shard", "1/3");
    const events = text.trim().split("\n").map((line) => JSON.parse(line));
    const kinds = events.map(({ event }) => event).filter((kind) => kind !== "progress");
    expect(kinds).toEqual(["skipped", "start", "plan", "done", "summary"]);
  }),
);

Deno.test(
  "upscale writes images that the format cannot hold as PNG or on white, and says so",
  inFolder(async (folder) => {
    await writePicture(join(folder, "wide.webp"), 4100, 1);
    await writePicture(join(folder, "clear.png"), 4, 4, 4);
    const wide = await upscale(["--model", "bicubic", "wide.webp", "--out", "out"], {
      cwd: folder,
    });
    expect(wide.errors).toMatch(/written as PNG: WEBP cannot hold 16400x4/);
    const clear = await upscale(["--model", "bicubic", "clear.png", "-o", "out/c.jpg"], {
      cwd: folder,
    });
    expect(clear.errors).toMatch(/laid on white/);
    expect([wide.code, clear.code]).toEqual([0, 0]);
    expect(await filesBelow(join(folder, "out"))).toEqual(["c.jpg", "wide.png"]);
  }),
);

Deno.test(
  "upscale gives the same bytes for the same seed, and needs few permissions for samples and previews",
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 20, 14);
    const chosen = [
      "--model",
      tiny,
      "--provider",
      "native",
      "--seed",
      "7",
      "--samples",
      "2",
      "a.png",
    ];
    const permissions = ["-P=native", "--allow-write=one,steps", "--no-prompt"];
    const first = await upscale([...chosen, "--out", "one", "--previews", "steps"], {
      cwd: folder,
      permissions,
    });
    expect([first.code, first.text]).toEqual([0, ""]);
    expect(first.errors).toMatch(/seed 7, 4 steps/);
    const names = ["a-1.png", "a-2.png"];
    const steps = names.flatMap((name) =>
      [1, 2, 3, 4].map((step) => name.replace(".png", `-step0${step}.png`))
    );
    expect(await filesBelow(join(folder, "one"))).toEqual(names);
    expect(await filesBelow(join(folder, "steps"))).toEqual(steps);

    const second = await upscale([...chosen, "--quiet", "--out", "two"], { cwd: folder });
    expect([second.code, second.errors]).toEqual([0, ""]);
    const one = await bytesOf(join(folder, "one"), names);
    expect(await bytesOf(join(folder, "two"), names)).toEqual(one);
    expect(one[0]).not.toEqual(one[1]);
    expect(new TextDecoder("latin1").decode(one[1])).toContain("Seed\x007");

    const denied = await upscale([...chosen, "--out", "four"], {
      cwd: folder,
      permissions: ["--allow-read", "--no-prompt"],
    });
    expect([denied.code, denied.errors.trim().split("\n").length]).toEqual([2, 1]);
    expect(denied.errors).toMatch(/add --allow-write=four --allow-ffi to "deno run"/);
  }),
);

Deno.test(
  "upscale reads pipes of every kind, and writes to standard output or a file",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 5, 4);
    const command = `"${Deno.execPath()}" run --quiet --no-check -A "${program}" --model bicubic`;
    const lines = [
      `${command} <(cat a.png) > 1.png`,
      `cat a.png | ${command} /dev/stdin > 2.png`,
      `${command} /dev/stdin < a.png > 3.png`,
      `mkfifo pipe; (cat a.png > pipe &) ; ${command} pipe -o 4.png`,
      `(cat a.png > pipe &) ; ${command} pipe --out out`,
      `cat a.png | ${command} - -o /dev/stdout > 6.png`,
    ];
    for (const line of lines) {
      const { code, stderr } = await new Deno.Command("bash", {
        args: ["-c", line],
        cwd: folder,
        stdin: "null",
      }).output();
      expect([line, code, code ? new TextDecoder().decode(stderr) : ""]).toEqual([line, 0, ""]);
    }
    for (const name of ["1.png", "2.png", "3.png", "4.png", "out/pipe.png", "6.png"]) {
      expect([name, ...await facts(join(folder, name))]).toEqual([name, 20, 16, 3]);
    }
  }),
);

Deno.test(
  "upscale skips its own results in later runs, unless --again is given",
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 5, 4);
    await writePicture(join(folder, "b.jpg"), 5, 4);
    const run = (...args: string[]) => upscale([...args, folder]);
    await run("--model", "bicubic");
    const second = await run("--model", "bicubic", "--scale", "2");
    expect(second.errors.match(/skipped: it is a result of srzoo; --again/g)?.length).toBe(2);
    expect(second.errors).toMatch(/2 done, 2 skipped, 0 failed/);
    const names = (suffix: string) => [`a-bicubic-${suffix}.png`, `b-bicubic-${suffix}.jpg`];
    expect(await filesBelow(folder))
      .toEqual(["a.png", "b.jpg", ...names("x2"), ...names("x4")].sort());
    const again = await upscale(["--model", "bicubic", "--again", "a-bicubic-x2.png"], {
      cwd: folder,
    });
    expect(again.errors).toMatch(/a-bicubic-x2-bicubic-x4\.png/);
  }),
);

Deno.test(
  "upscale --dry-run reports the plan of every image and writes nothing",
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 40, 30);
    await writePicture(join(folder, "b.png"), 20, 30);
    const args = ["--model", tiny, "--dry-run", "--samples", "2", "--out", join(folder, "out")];
    const run = await upscale([...args, folder]);
    expect(run.code).toBe(0);
    for (const name of ["a", "b"]) {
      expect(run.errors).toContain(`to ${folder}/out/${name}-1.png, ${folder}/out/${name}-2.png`);
    }
    expect(run.errors).toMatch(/a\.png: 40x30 -> 160x120, about/);
    expect(run.errors).toMatch(/4 steps of \w+, 2 samples, \d+ network calls/);
    expect(run.errors).toMatch(/2 planned, 0 skipped, 0 failed/);
    expect(await filesBelow(folder)).toEqual(["a.png", "b.png"]);
  }),
);

Deno.test(
  "upscale names the entry that was trained for the factor of --scale",
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 5, 4);
    const run = await upscale(["--model", "bicubic", "--scale", "8", "a.png"], { cwd: folder });
    expect(run.errors).toMatch(/enlarged beyond x4 by bicubic; trained for it: bicubic-x8/);
  }),
);

Deno.test(
  "upscale does not mention a GPU if there is none",
  inFolder(async (folder) => {
    await writePicture(join(folder, "a.png"), 5, 4);
    const args = ["--model", tiny, "a.png"];
    for (const permissions of [["-A"], ["-P=native", `--allow-write=${folder}`, "--no-prompt"]]) {
      const run = await upscale(args, { cwd: folder, permissions });
      expect(run.errors).not.toMatch(/llvmpipe|software adapter|XDG_RUNTIME_DIR|not on webgpu/);
      expect(run.code).toBe(0);
    }
  }),
);

Deno.test(
  "upscale ends with one line and no unfinished file when its events cannot be written",
  { ignore: Deno.build.os !== "linux" },
  inFolder(async (folder) => {
    for (let i = 0; i < 3; i++) await writePicture(join(folder, `${i}.png`), 40, 30);
    const run = async (redirected: string) => {
      const line =
        `"$0" run --quiet --no-check -A "$1" --model bicubic --json --out "$2" "$3" ${redirected}`;
      const args = ["-c", line, Deno.execPath(), program, join(folder, "out"), folder];
      const command = new Deno.Command("bash", { args: ["-o", "pipefail", ...args] });
      const { code, stderr } = await command.output();
      return { code, errors: new TextDecoder().decode(stderr) };
    };
    const full = await run("> /dev/full");
    expect(full).toEqual({
      code: 1,
      errors: expect.stringMatching(/^error: No space left[^\n]*\n$/),
    });
    const closed = await run("| head -c 1 > /dev/null");
    expect(closed).toEqual({ code: 1, errors: "" });
    const names = await filesBelow(folder);
    expect(names.filter((name) => name.includes(".part"))).toEqual([]);
  }),
);
