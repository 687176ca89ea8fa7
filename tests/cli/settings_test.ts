import { expect } from "expect";
import { readSettings, type Settings } from "../../cli/settings.ts";
import { UsageError } from "../../cli/usage_error.ts";

Deno.test("readSettings() leaves options that the user did not choose to the library", () => {
  expect(readSettings(["a.png"], "1.0.0")).toEqual({
    inputs: ["a.png"],
    model: "srdiff-photo",
  });
});

Deno.test("readSettings() reads every flag and its value", () => {
  const text =
    "--model m --zoo z --offline --list-models --out d --steps 4 --sampler ddim --seed 7 --samples 2 " +
    "--temperature 0.5 --restore 0.3 --precision int8 --sheet s.png --truth t.png " +
    "--fidelity 0.8 --tile 64 --consistency --provider wasm --threads 2 --format jpg --quality 80 " +
    "--scale 2.5 --previews p --keep-hidden --strip --memory 2.5GB --shard 2/3 --again --dry-run --skip-existing --json --quiet " +
    "--debug -- -a.png";
  expect(readSettings(text.split(" "), "1.0.0")).toEqual({
    inputs: ["-a.png"],
    model: "m",
    zoo: "z",
    offline: true,
    listModels: true,
    out: "d",
    steps: 4,
    sampler: "ddim",
    seed: 7,
    samples: 2,
    temperature: 0.5,
    restore: 0.3,
    precision: "int8",
    sheet: "s.png",
    truth: "t.png",
    fidelity: 0.8,
    tile: 64,
    consistency: true,
    provider: "wasm",
    threads: 2,
    format: "jpeg",
    quality: 80,
    scale: 2.5,
    previews: "p",
    keepHidden: true,
    strip: true,
    memory: 2.5e9,
    shard: { index: 2, count: 3 },
    again: true,
    dryRun: true,
    skipExisting: true,
    json: true,
    quiet: true,
    debug: true,
  });
  const other = "--output o.png --no-consistency --restore auto a.png";
  expect(readSettings(other.split(" "), "1.0.0")).toMatchObject({
    output: "o.png",
    consistency: false,
    restore: "auto",
  });
  const help = readSettings(["--help"], "1.0.0") as string;
  const flags = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, flag]) => flag);
  const read = new Set(`${text} ${other} --version --help`.split(" "));
  expect(flags.filter((flag) => !read.has(flag))).toEqual([]);
  expect(flags.length).toBeGreaterThan(30);
});

Deno.test("readSettings() refuses invalid flags, and says why in one line", () => {
  const refused: [string, RegExp][] = [
    ["", /no image given/],
    ["--nosuch a.png", /unknown option '--nosuch'/],
    ["--steps 0 a.png", /whole number from 1 to 2/],
    ["--steps 1.5 a.png", /whole number from 1 to 2/],
    ["--seed -1 a.png", /whole number from 0 to 2/],
    ["--seed 99999999999999999999 a.png", /whole number from 0 to 2\^53 - 1/],
    ["--temperature warm a.png", /must be a number/],
    ["--provider cuda a.png", /webgpu, native, wasm/],
    ["--format gif a.png", /png, jpeg, webp/],
    ["--quality 101 a.png", /from 1 to 100/],
    ["--scale 9 a.png", /from 1 to 8/],
    ["--memory lots a.png", /800MB or 4GB/],
    ["--shard 4/3 a.png", /i\/n/],
    ["-o a.png --out d b.png", /cannot be used together/],
    ["- -", /twice/],
    ["-o", /argument missing/],
  ];
  for (const [text, why] of refused) {
    const read = () => readSettings(text.split(" ").filter(Boolean), "1.0.0");
    expect(read).toThrow(UsageError);
    expect(read).toThrow(why);
    expect(read).not.toThrow(/\n/);
  }
});

Deno.test("readSettings() refuses empty names, and says which", () => {
  const refused: [string[], RegExp][] = [
    [[""], /the name of an input is empty/],
    [["-o", "", "a.png"], /--output is empty/],
    [["--out", "", "a.png"], /--out is empty/],
    [["--model", "", "a.png"], /--model is empty/],
  ];
  for (const [args, why] of refused) expect(() => readSettings(args, "1.0.0")).toThrow(why);
});

Deno.test("readSettings() reads memory sizes", () => {
  const sizes: [string, number][] = [["800MB", 8e8], ["4GB", 4e9], ["4g", 4e9], ["512", 5.12e8], [
    "4GiB",
    2 ** 32,
  ], ["1MiB", 2 ** 20]];
  for (const [text, bytes] of sizes) {
    const settings = readSettings(["--memory", text, "a.png"], "1.0.0") as Settings;
    expect(settings.memory).toBe(bytes);
  }
});

Deno.test("readSettings() returns help and version as text", () => {
  expect(readSettings(["--version"], "1.2.3")).toBe("1.2.3\n");
  const help = readSettings(["--help"], "1.2.3");
  for (
    const flag of ["--skip-existing", "--allow-env=SRZOO_CACHE,HOME,XDG_CACHE_HOME", "Exit codes"]
  ) expect(help).toContain(flag);
});
