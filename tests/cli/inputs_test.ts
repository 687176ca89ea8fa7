import { expect } from "expect";
import { join } from "node:path";
import { findInputs, isPipe } from "../../cli/inputs.ts";
import { inFolder } from "./_folder.ts";

const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]);

async function fill(folder: string, files: Record<string, Uint8Array | string>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
  }
}

Deno.test(
  "findInputs() finds the images below a folder, sorted, and skips other files",
  inFolder(async (folder) => {
    await fill(folder, {
      "b.PNG": PNG,
      "a.png": PNG,
      "in/c.jpg": PNG,
      "in/nameless": PNG,
      "notes.txt": "hello",
      ".hidden.png": PNG,
      ".git/d.png": PNG,
    });
    const { inputs, skipped } = await findInputs([folder]);
    expect(inputs.map((input) => input.place)).toEqual([
      "a.png",
      "b.PNG",
      "in/c.jpg",
      "in/nameless",
    ]);
    expect(inputs.every((input) => input.problem === undefined)).toBe(true);
    expect(skipped.map(({ path }) => path)).toEqual([join(folder, "notes.txt")]);
    expect(skipped[0].why).toMatch(/its format is unknown/);
  }),
);

Deno.test(
  "findInputs() leaves out an output folder inside the input folder",
  inFolder(async (folder) => {
    await fill(folder, { "a.png": PNG, "big/a.png": PNG });
    const { inputs } = await findInputs([folder], join(folder, "big"));
    expect(inputs.map((input) => input.place)).toEqual(["a.png"]);
  }),
);

Deno.test(
  "findInputs() takes a name with glob characters literally if such a file exists",
  inFolder(async (folder) => {
    await fill(folder, { "a[1].png": PNG, "a1.png": PNG, "sub/b.png": PNG, "sub/b.txt": "b" });
    const places = async (...args: string[]) =>
      (await findInputs(args.map((arg) => join(folder, arg)))).inputs.map((input) => input.place);
    expect(await places("a[1].png")).toEqual(["a[1].png"]);
    expect(await places("a[1-9].png")).toEqual(["a1.png"]);
    expect(await places("**/*.{png,jpg}")).toEqual(["a1.png", "a[1].png", "sub/b.png"]);
    expect(await places("sub/*.png")).toEqual(["b.png"]);
  }),
);

Deno.test(
  "findInputs() names what is missing, empty or unreadable, and continues",
  inFolder(async (folder) => {
    await fill(folder, { "empty.png": new Uint8Array(), "x.svg": "<svg/>", "none/x.txt": "x" });
    const args = ["gone.png", "*.webp", "none", "empty.png", "x.svg"];
    const { inputs } = await findInputs(args.map((arg) => join(folder, arg)));
    const problems = inputs.map((input) => input.problem?.message ?? "");
    const expected = [/no such file/, /no image has such a name/, /no image in it/, /empty/, /SVG/];
    expect(problems.length).toBe(expected.length);
    expected.forEach((why, i) => expect(problems[i]).toMatch(why));
  }),
);

Deno.test(
  "findInputs() follows links to files and names links to folders",
  inFolder(async (folder) => {
    await fill(folder, { "store/a.png": PNG, "in/b.png": PNG });
    await Deno.symlink(join(folder, "store/a.png"), join(folder, "in/a.png"));
    await Deno.symlink(join(folder, "in"), join(folder, "in/loop"));
    const { inputs, skipped } = await findInputs([join(folder, "in")]);
    expect(inputs.map((input) => input.place)).toEqual(["a.png", "b.png"]);
    expect(skipped.map(({ why }) => why)).toEqual(["a link to a folder: give it by its name"]);
  }),
);

/** Runs a shell command in a folder: Deno cannot make FIFOs or names that are not UTF-8. */
async function shell(folder: string, line: string): Promise<void> {
  const { code } = await new Deno.Command("bash", { args: ["-c", line], cwd: folder }).output();
  expect(code).toBe(0);
}

Deno.test(
  "findInputs() opens only ordinary files, and skips others without losing an image",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    await fill(folder, { "a.png": PNG, "sub/b.png": PNG, "z.png": PNG });
    await Deno.symlink("loop.png", join(folder, "loop.png"));
    await Deno.symlink("/dev/zero", join(folder, "device.png"));
    await shell(folder, `mkfifo fifo.png fifo; cp a.png $'m\\xe9.png'`);
    const { inputs, skipped } = await findInputs([folder]);
    const found = inputs.map(({ place, problem }) => [place, problem?.message ?? ""]);
    const expected: [string, RegExp][] = [
      ["a.png", /^$/],
      ["device.png", /^Cannot read .*device\.png: it is a device, not an ordinary file$/],
      ["fifo.png", /^Cannot read .*fifo\.png: it is a FIFO, not an ordinary file$/],
      ["loop.png", /^Cannot read .*loop\.png: it is a link that leads back to itself$/],
      ["m\ufffd.png", /^Cannot read .*: its name is not UTF-8\. Rename the file$/],
      ["sub/b.png", /^$/],
      ["z.png", /^$/],
    ];
    expect(found.map(([place]) => place)).toEqual(expected.map(([place]) => place));
    expected.forEach(([, why], i) => expect(found[i][1]).toMatch(why));
    expect(skipped.map(({ path }) => path)).toEqual([join(folder, "fifo")]);
  }),
);

Deno.test(
  "findInputs() treats a FIFO given by name as a pipe",
  { ignore: Deno.build.os === "windows" },
  inFolder(async (folder) => {
    await shell(folder, "mkfifo fifo");
    const { inputs } = await findInputs([join(folder, "fifo"), "-"]);
    expect(inputs.map(isPipe)).toEqual([true, true]);
    expect(inputs.some(({ problem }) => problem)).toBe(false);
  }),
);
