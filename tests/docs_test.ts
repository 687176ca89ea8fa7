/**
 * Takes every command and program from README.md, CONTRIBUTING.md and train/README.md, and runs it at
 * a small size in a copy of the project.
 */

import { expect } from "expect";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { serveEntries } from "./_entry_server.ts";
import { python } from "./_python.ts";
import { textured, writePng } from "./bench/_pictures.ts";
import { encodeImage } from "../mod.ts";

const root = new URL("../", import.meta.url).pathname;
const documents = ["README.md", "CONTRIBUTING.md", "train/README.md"];

/** How a command of a document is run by these tests. */
interface Run {
  /** The command in the document. */
  command: string;
  /** Replacements that make it small; each replaced word must occur in it. */
  swap?: Record<string, string>;
  /** Additional flags that make it small. */
  more?: string;
  /** Files or folders that it must create. */
  makes?: string[];
  /** What it must print. */
  says?: RegExp;
}

/** Commands that are not run, and why. */
const notRun: Record<string, string> = {
  "npx -y deno": "installs Deno from the network",
  "npm i -g deno": "installs Deno from the network",
  "deno task ok": "checks the whole tree for minutes, this test among others",
  "deno task train": "is run with its arguments",
  "deno task lpips": "needs torchvision's weights; train/tests/test_feature_export.py makes graphs",
  "deno task zoo publish FOLDER": "is run with a folder that exists",
  "deno task data check NAME FOLDER":
    "fails where images are missing; tests/bench/data_test.ts runs it",
  "PYTHONPATH=train python -m srzoo_train.descent RUN --figure nll --picture nll.svg":
    "judges a run that maximises likelihood, and none here does; train/tests/test_descent.py runs it",
  "deno task import SRFlow_DF2K_4X.pth --out my-srflow":
    "takes the authors' file of 39.5 M parameters; train/tests/test_import_srflow.py imports small ones",
  "deno run -A jsr:@srzoo/core/cli photo.png": "tests/cli/install_test.ts runs it in a project",
  "deno install -g -A -n srzoo --config cli/deno.json cli/upscale.ts":
    "tests/cli/install_test.ts runs it with a root of its own",
};

const tiny = `--set 'network={channels: 8, blocks: 2, deep: 16, deep_blocks: 1}' --set batch=2 ` +
  `--set crop=16 --set precision=fp32 --workers 0 --max-steps 2`;

/** Commands that need no Python. */
const library: Run[] = [
  {
    command: "deno run -A cli/upscale.ts --seed 0 docs/coffee.png -o coffee-x4.png",
    makes: ["coffee-x4.png"],
  },
  {
    command: "deno run -A cli/upscale.ts holiday/ --out bigger/",
    makes: ["bigger/beach/one.png"],
  },
  {
    command: "deno run -A cli/upscale.ts photo.jpg --samples 4 --seed 1",
    says: /photo-.+-x4-1\.jpg[^]*photo-.+-x4-4\.jpg/,
  },
  {
    command: "deno run -A cli/upscale.ts photo.png --scale 3 --fidelity 0.6",
    says: /photo-.+-x3.*\.png/,
  },
  {
    command: "deno run -A cli/upscale.ts photo.png --model srdiff+steps=1,srdiff",
    says: /photo-.+-x16.*\.png/,
  },
  {
    command: "deno run -A cli/upscale.ts photo.png --sheet sheet.png",
    more: "--out sheets --steps 2",
    makes: ["sheet.png"],
  },
  {
    command: "cat photo.png | deno run -A cli/upscale.ts --quiet - -o - > big.png",
    makes: ["big.png"],
  },
  {
    command: "deno run -P=native --allow-write=DIR cli/upscale.ts --out DIR ...",
    swap: { "...": "photo.png" },
    says: /DIR\/photo/,
  },
  {
    command: "deno run -A cli/generate.ts --model ddpm-texture -o texture.png",
    more: "--width 16 --height 16 --steps 2",
    makes: ["texture.png"],
  },
  { command: "deno run -A cli/zoo.ts list", says: /bicubic[^]*srdiff/ },
  // The command serves until it is interrupted; tests/page/ drives the page in a browser.
  { command: "deno task demo", more: "--build site", makes: ["site/index.html"] },
  { command: "deno task npm", says: /^npm\/srzoo-core-[\d.]+\.tgz$/m },
  { command: "deno task comparison", makes: ["docs/comparison.png"] },
  { command: "deno task data", says: /Set5: 5 images[^]*terms: / },
  {
    command: "deno task data lr FOLDER",
    swap: { FOLDER: "holiday/beach" },
    makes: ["holiday/beach/LRx4/one.png"],
  },
  { command: "deno task schema", makes: ["zoo/model.schema.json"] },
  { command: "deno task test", says: /ok \| [1-9]\d* passed \| 0 failed/ },
  {
    command: "deno test -A tests/plan_test.ts",
    says: /ok \| [1-9]\d* passed \| 0 failed/,
  },
];

/** From photographs to an entry that is published and loaded, as in README.md and CONTRIBUTING.md. */
const publishing: Run[] = [
  { command: "deno task prepare PHOTOS --out DATA --scale 4", makes: ["DATA/index.json"] },
  {
    command: "deno task train --recipe train/recipes/srdiff-x4.yml --data DATA --out RUN",
    more: tiny,
    makes: ["RUN/stage-1.pt"],
  },
  {
    command: "deno task export RUN --to my-srdiff",
    makes: ["my-srdiff/model.yml", "my-srdiff/encoder.onnx", "my-srdiff/denoiser.onnx"],
  },
  {
    command: "deno run -A cli/upscale.ts --model ./my-srdiff docs/coffee.png",
    says: /coffee-my-srdiff-x4/,
  },
  {
    command: "deno run -A cli/zoo.ts publish my-srdiff --layout folder --to public",
    makes: ["public/index.yml", "public/my-srdiff/model.yml"],
  },
  // A server of this test, which serves what was just published, stands in for the Hub and the host.
  {
    command: "deno run -A cli/upscale.ts --model hf:OWNER/my-srdiff photo.png",
    more: "-o from-hub.png",
    makes: ["from-hub.png"],
  },
  {
    command: "deno run -A cli/upscale.ts --model https://HOST/my-srdiff photo.png",
    swap: { "https://HOST": "$HOST" },
    more: "-o from-url.png",
    makes: ["from-url.png"],
  },
  {
    command: "deno run -A cli/upscale.ts --zoo https://HOST --model my-srdiff photo.png",
    swap: { "https://HOST": "$HOST" },
    more: "-o from-registry.png",
    makes: ["from-registry.png"],
  },
  {
    command: "deno task export RUN --to zoo/<id>",
    swap: { "<id>": "ours" },
    makes: ["zoo/ours/model.yml", "zoo/ours/fixture.safetensors"],
  },
  {
    command: "deno run -A cli/zoo.ts check zoo/<id>",
    swap: { "<id>": "ours" },
    more: "--no-measure", // the images of the copy are too small for SSIM
    says: /ours/,
  },
  {
    command: "deno task bench --model ./zoo/<id> --set Set5,BSD100",
    swap: { "<id>": "ours" },
    more: "--no-speed --seeds 1 --out figures.json",
    makes: ["figures.json"],
  },
  {
    command: "deno run -A cli/zoo.ts publish zoo/<id>",
    swap: { "<id>": "ours" },
    says: /ours is published/,
  },
  { command: "deno task bench:zoo --only <id>", swap: { "<id>": "ours" }, more: "--seeds 1" },
  // Reproduces the figures that the line above wrote into the card, by the entry's name.
  { command: "deno task bench:zoo", more: "--only ours --check" },
  {
    command: "deno run -A cli/zoo.ts new <id> --family <family> --graph network=FILE.onnx",
    swap: { "<id>": "copy", "<family>": "regression", "FILE.onnx": "zoo/regression/network.onnx" },
    makes: ["copy/model.yml"],
  },
];

/** The other commands of train/README.md. */
const training: Run[] = [
  {
    command: "deno task prepare PHOTOS --out DATA --scale 4 --licence CC0-1.0",
    swap: { DATA: "STORE" },
    makes: ["STORE/index.json"],
  },
  {
    command: "deno task prepare ../shared/data/train --out runs/store-x4 --scale 4",
    makes: ["runs/store-x4/index.json"],
  },
  {
    command: "deno task prepare FFHQ --out DATA --pair 16/128",
    swap: { FFHQ: "PHOTOS", DATA: "FACES" },
    makes: ["FACES/index.json"],
  },
  {
    command:
      "deno task train --recipe train/recipes/srdiff-x4.yml --data runs/store-x4 --out runs/mine --max-minutes 10",
    swap: { "--max-minutes 10": tiny },
    makes: ["runs/mine/stage-1.pt"],
  },
  { command: "deno task export runs/mine --to runs/zoo/mine", makes: ["runs/zoo/mine/model.yml"] },
  {
    command: "deno task upscale --model ./runs/zoo/mine docs/coffee.png -o coffee-x4.png",
    makes: ["coffee-x4.png"],
  },
  { command: "deno task zoo publish runs/zoo/mine", makes: ["zoo/mine/model.yml"] },
  {
    command: "deno task quantize ENTRY --data STORE",
    swap: { ENTRY: "zoo/mine" },
    makes: ["zoo/mine/denoiser.int8.onnx"],
  },
  {
    command: "PYTHONPATH=train torchrun --nproc-per-node 8 -m srzoo_train.train " +
      "--recipe R.yml --data STORE --out RUN",
    swap: { "-node 8": "-node 2", RUN: "DAMAGED" },
    makes: ["DAMAGED/stage-0.pt"],
  },
  // The same run again, which has nothing left to do.
  {
    command: "SRZOO_PYTHON=python3 deno task train --recipe R.yml --data STORE --out RUN",
    swap: { RUN: "DAMAGED" },
  },
  {
    command: "PYTHONPATH=train python3 -m srzoo_train.train --recipe R.yml --data STORE --out RUN",
    swap: { RUN: "DAMAGED" },
  },
  {
    command: "PYTHONPATH=train python -m srzoo_train.data.show --data STORE --out crops.png",
    more: "--rows 1 --crop 16",
    makes: ["crops.png"],
  },
  {
    command: "PYTHONPATH=train python -m srzoo_train.train_damage --data STORE --out damage.pt",
    more: "--steps 1",
    makes: ["damage.pt"],
  },
  {
    command: "PYTHONPATH=train python -m srzoo_train.dial RUN --data STORE",
    swap: { RUN: "DAMAGED" },
    more: "--track clean jpeg75 --restore 0 1 --images 1",
    says: /jpeg75 +0\.\d{4} +0\.\d{4}/,
  },
  {
    command: "PYTHONPATH=train python -m srzoo_train.dial RUN --data STORE --damage damage.pt",
    swap: { RUN: "DAMAGED" },
    more: "--restore 0 1 --crops 2",
    says: /restore 0\.\d\d to \d\.\d\d/,
  },
  {
    command: "deno task export RUN --to zoo/srdiff-photo --damage damage.pt",
    swap: { RUN: "DAMAGED", "srdiff-photo": "damaged" },
    makes: ["zoo/damaged/damage.onnx"],
  },
  {
    command: "python train/short_gpu_run.py --x4 STORE4 --x8 STORE8 --runs WORK --out PACKED",
    swap: { STORE4: "STORE", STORE8: "STORE" },
    more: "--max-steps 1",
    makes: ["WORK/regression-x4", "PACKED"],
  },
  {
    command: "python train/short_gpu_run.py --x4 STORE4 --runs WORK --out PACKED " +
      "--only regression-x4 srdiff-x4",
    swap: { STORE4: "STORE" },
    more: "--max-steps 1",
    makes: ["WORK/srdiff-x4"],
  },
  {
    command: "deno task bench:train",
    more: "--recipe R.yml --data STORE --steps 1",
    says: /crops\/s/,
  },
];

/** Other people's files; train/tests/make_checkpoints.py makes small ones with these names. */
const importing: Run[] = [
  {
    command: "deno task import I640000_E37_gen.pth --out my-sr3 --config sr_sr3_16_128.json",
    makes: ["my-sr3/model.yml"],
  },
  {
    command: "deno task import last.pt --out my-sr3",
    swap: { "my-sr3": "novwaul" },
    makes: ["novwaul/model.yml"],
  },
  {
    command: "deno task import model_ckpt_steps_400000.ckpt --out my-srdiff",
    swap: { "my-srdiff": "published" },
    makes: ["published/model.yml"],
  },
  // The first half installs a package from the network.
  {
    command: "deno task spandrel && deno task import 4x-model.pth --out my-4x --licence Apache-2.0",
    swap: { "deno task spandrel && ": "test ! -f 4x-model.pth || " },
  },
  {
    command: "deno task import MODEL --out zoo/<id> --licence <SPDX id>",
    swap: { MODEL: "network.onnx", "<id>": "theirs", "<SPDX id>": "MIT" },
    makes: ["zoo/theirs/model.yml"],
  },
  { command: "deno task import network.onnx --out my-network", makes: ["my-network/model.yml"] },
  {
    command: "deno task import network.param --out my-network",
    swap: { "my-network": "from-ncnn" },
    makes: ["from-ncnn/network.onnx"],
  },
  // The copy contains only a few small test files.
  { command: "deno task test:all", says: /^[1-9]\d+ passed, 0 failed, 0 skipped$/m },
];

/** Commands of a document: the lines of its `sh` blocks, and inline code that starts a program. */
function commandsOf(text: string): string[] {
  const blocks = [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, code]) =>
    code.split("\n").map((line) => line.replace(/\s+#.*$/, "").trim()).filter(Boolean)
  );
  const prose = text.replace(/^```[^]*?^```$/gm, "");
  const spans = [...prose.matchAll(/`([^`]+)`/g)].map(([, code]) => code.replace(/\s+/g, " "));
  const starts = /^(deno|npx|npm|node|python3?|torchrun|uv|pip|cat|[A-Z_]+=\S+) /;
  return [...blocks, ...spans.filter((code) => starts.test(code))];
}

const read = (name: string) => Deno.readTextFile(join(root, name));

/** Files of the project, including new ones. */
async function tracked(): Promise<string[]> {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const { stdout } = await new Deno.Command("git", { args, cwd: root }).output();
  const names = new TextDecoder().decode(stdout).split("\0").filter(Boolean);
  return names.filter((name) => existsSync(join(root, name)));
}

/** Copies the project, with only two small tests, into a folder with small data beside it. */
async function workplace() {
  const folder = await Deno.makeTempDir({ prefix: "srzoo-docs-" });
  const place = join(folder, "srzoo");
  const kept = /^(?!(train\/)?tests\/)|^tests\/(all|plan_test|_difference|contracts\/family)\.ts$/;
  const needed = /^tests\/fixtures\/zoo\/|^train\/tests\/(conftest|test_sizes)\.py$/;
  for (const name of await tracked()) {
    if (!kept.test(name) && !needed.test(name)) continue;
    await Deno.mkdir(dirname(join(place, name)), { recursive: true });
    await Deno.copyFile(join(root, name), join(place, name));
  }
  for (const name of ["coffee", "chelsea", "astronaut"]) {
    await writePng(join(place, `docs/${name}.png`), textured(16, 12));
  }
  await writePng(join(place, "photo.png"), textured(12, 9));
  await writePng(join(place, "holiday/beach/one.png"), textured(9, 12));
  const photo = await encodeImage(textured(12, 9), { format: "jpeg" });
  await Deno.writeFile(join(place, "photo.jpg"), photo);
  for (let i = 0; i < 4; i++) {
    for (const name of ["srzoo/PHOTOS", "shared/data/train"]) {
      await writePng(join(folder, name, `${i}.png`), textured(192, 192, i));
    }
  }
  for (const set of ["Set5", "BSD100"]) {
    for (let i = 0; i < 2; i++) {
      await writePng(join(folder, "shared/data/eval", set, `HR/${i}.png`), textured(64, 64, i));
    }
  }
  if (existsSync(lpips)) await Deno.symlink(lpips, join(folder, "shared/lpips"));
  return { folder, place, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

const lpips = join(root, "../shared/lpips");

/** The command as it is run: with words replaced and flags added. */
function small({ command, swap = {}, more = "" }: Run): string {
  let line = command;
  for (const [from, to] of Object.entries(swap)) {
    if (!line.includes(from)) throw new Error(`"${command}" has no "${from}" to be swapped`);
    line = line.replaceAll(from, () => to);
  }
  return `${line} ${more}`.trim();
}

/** Runs commands one after another; lists those that do not do what the document says. */
async function faultsOf(
  runs: readonly Run[],
  place: string,
  env: Record<string, string>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const run of runs) {
    const line = small(run);
    // What a command creates must not exist before; a folder that is not empty stays.
    for (const file of run.makes ?? []) await Deno.remove(join(place, file)).catch(() => {});
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", line],
      cwd: place,
      env,
      stdin: "null",
    }).output();
    const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    const missing = (run.makes ?? []).filter((file) => !existsSync(join(place, file)));
    if (code === 0 && missing.length === 0 && (run.says ?? /^/).test(printed)) continue;
    const why = code !== 0
      ? `ended with ${code}`
      : missing.length > 0
      ? `did not make ${missing.join(", ")}`
      : `did not print ${run.says}`;
    faults.push(`${run.command}\n  as ${line}\n  ${why}:\n${printed.slice(-3000)}`);
  }
  return faults;
}

/** Environment variables of the commands, which leave the user's own cache untouched. */
function variables(folder: string, host: string): Record<string, string> {
  const paths = [dirname(Deno.execPath()), ...python ? [dirname(python)] : []];
  return {
    PATH: [...paths, Deno.env.get("PATH")].join(":"),
    SRZOO_CACHE: join(folder, "cache"),
    ...python && { SRZOO_PYTHON: python },
    HF_ENDPOINT: host,
    HOST: host,
    OMP_NUM_THREADS: "1",
    NO_COLOR: "1",
  };
}

Deno.test("every command in the documents is run by these tests, or listed with the reason why not", async () => {
  const texts = await Promise.all(documents.map(read));
  const found = new Set(texts.flatMap(commandsOf));
  const runs = [...library, ...publishing, ...training, ...importing].map((run) => run.command);
  const known = new Set([...runs, ...Object.keys(notRun)]);
  expect([...found].filter((command) => !known.has(command))).toEqual([]);
  expect([...known].filter((command) => !found.has(command))).toEqual([]);
  expect(found.size).toBeGreaterThan(40);
});

Deno.test("commandsOf() finds lines of sh blocks, without comments, and code that starts a program", () => {
  const text =
    "Run `deno task\n  one`, not `--flag`.\n```sh\ndeno task two  # why\n```\n```ts\ncode\n```\n";
  expect(commandsOf(text)).toEqual(["deno task two", "deno task one"]);
});

Deno.test(
  "the commands of the documents that need no Python do what the documents say",
  { ignore: Deno.build.os === "windows" },
  async () => {
    await using work = await workplace();
    expect(await faultsOf(library, work.place, variables(work.folder, ""))).toEqual([]);
  },
);

Deno.test(
  "the commands for training, publishing and importing entries do what the documents say (needs Python, LPIPS)",
  { ignore: !python || !existsSync(lpips) || Deno.build.os === "windows" },
  async () => {
    await using work = await workplace();
    await using server = serveEntries(join(work.place, "public"));
    const { place } = work;
    const env = variables(work.folder, server.url);
    const made = await new Deno.Command(python!, {
      args: [join(root, "train/tests/make_checkpoints.py"), place],
      env: { ...env, PYTHONPATH: join(root, "train") },
    }).output();
    expect([made.code, made.success ? "" : new TextDecoder().decode(made.stderr)]).toEqual([0, ""]);
    await Deno.writeTextFile(join(place, "R.yml"), recipe);
    await Deno.writeTextFile(join(place, "train/short_gpu_run.yml"), plan);
    const faults = await Promise.all(
      [publishing, training, importing].map((runs) => faultsOf(runs, place, env)),
    );
    expect(faults.flat()).toEqual([]);
  },
);

/** A recipe that trains for a second, on damaged images. */
const recipe = `
id: damaged
family: regression
stages: [{ loss: l1 }]
budget: { max_steps: 2 }
network: { channels: 8, blocks: 1 }
data: { damage: photo }
batch: 4
crop: 16
trackers: []
precision: fp32
`;

const sizes =
  "{ network: { channels: 8, blocks: 2, deep: 8, deep_blocks: 1 }, batch: 2, crop: 16 }";

/** What short_gpu_run.py trains in this test. */
const plan = `
- { name: srdiff-x4, recipe: srdiff-x4, minutes: 1, workers: 0, encoder: regression-x4, set: ${sizes} }
- { name: regression-x4, recipe: regression-x4, minutes: 1, workers: 0, set: ${sizes} }
`;

Deno.test("the TypeScript of the README is type-checked and runs", async () => {
  const [code, ...others] = [...(await read("README.md")).matchAll(/^```ts\n([^]*?)^```$/gm)]
    .map(([, code]) => code);
  expect(others).toEqual([]);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--check", "-A", "--ext=ts", "-"],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await new Blob([code]).stream().pipeTo(child.stdin);
  const { code: exit, stdout, stderr } = await child.output();
  expect([exit, exit === 0 ? "" : new TextDecoder().decode(stderr)]).toEqual([0, ""]);
  expect(new TextDecoder().decode(stdout)).toMatch(/^600x400, seed 7, \d+ bytes\n$/);
});

Deno.test("every task that a document or a source names is in deno.json", async () => {
  const { tasks } = JSON.parse(await read("deno.json"));
  const unknown: string[] = [];
  for (const name of await tracked()) {
    if (!/\.(md|ts|py|yml)$/.test(name) || name === "tests/docs_test.ts") continue;
    for (const [, task] of (await read(name)).matchAll(/\bdeno task ([a-z][a-z:]*[a-z])/g)) {
      if (!(task in tasks)) unknown.push(`${name}: deno task ${task}`);
    }
  }
  expect(unknown).toEqual([]);
});
