import { expect } from "expect";
import { ManifestError } from "../../lib/errors.ts";
import { describedSchema } from "../../cli/schema.ts";
import { checkCard, parseCard, readCard } from "../../lib/zoo/read.ts";

const tiny = new URL("../fixtures/zoo/tiny/", import.meta.url);
const text = await Deno.readTextFile(new URL("model.yml", tiny));
const place = new URL("file:///entry/model.yml");

Deno.test("readCard() reads an entry from a folder, a file, a path or a URL", async () => {
  const path = decodeURIComponent(tiny.pathname);
  for (const source of [tiny, new URL("model.yml", tiny), path, path.slice(0, -1), tiny.href]) {
    const card = await readCard(source);
    expect(card.id).toBe("tiny");
    expect(card.base).toBe(tiny.href);
    expect(card.tiling).toEqual({ size: 64, overlap: 8, multiple: 1, blended: false });
  }
});

Deno.test("readCard() reads an entry over HTTP", async () => {
  const handler = () => new Response(text);
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  const card = await readCard(`http://127.0.0.1:${server.addr.port}/anywhere`);
  expect(card.base).toBe(`http://127.0.0.1:${server.addr.port}/anywhere/`);
});

Deno.test("readCard() names the missing file", async () => {
  await expect(readCard(new URL("nothing/", tiny))).rejects.toThrow(
    /^Cannot read .*nothing\/model\.yml/,
  );
});

/** The line after the last one of the card. */
const LAST = text.split("\n").length;
const faults: [string, (text: string) => string, string, RegExp][] = [
  ["an unknown key", (t) => `${t}colour: red\n`, "#", /Unrecognized key: "colour"/],
  ["a missing key", (t) => t.replace(/^scale.*\n/m, ""), "#scale", /expected number/],
  ["a number out of range", (t) => t.replace("scale: 2", "scale: 0"), "#scale", /at least 1/],
  ["broken YAML", (t) => t.replace("id: tiny", "id: [tiny"), ":3:1", /deficient indentation/],
  ["a repeated key", (t) => `${t}id: other\n`, `:${LAST}:1`, /the key "id" is given twice/],
  [
    "an alias",
    (t) => t.replace("name: ", "name: &n ") + "version: *n\n",
    `:${LAST}:11`,
    /alias \*n /,
  ],
  [
    "an unknown graph",
    (t) => t.replace("graph: denoiser", "graph: fast"),
    "#steps.trained.0.graph",
    /"fast" is not one of the graphs/,
  ],
  [
    "ascending timesteps",
    (t) => t.replace("[99, 49]", "[49, 99]"),
    "#steps.trained.0.timesteps",
    /must descend/,
  ],
  [
    "a timestep after the schedule's end",
    (t) => t.replace("[99, 49]", "[100, 49]"),
    "#steps.trained.0.timesteps",
    /over 99/,
  ],
  [
    "too few timesteps",
    (t) => t.replace("[99, 49]", "[99]"),
    "#steps.trained.0.timesteps",
    /has 1 of 2/,
  ],
  [
    "more steps than the schedule has",
    (t) => t.replace("max: 100", "max: 101"),
    "#steps.max",
    /more than the schedule's 100/,
  ],
  [
    "a default above the maximum",
    (t) => t.replace("default: 2", "default: 200"),
    "#steps.default",
    /more than max/,
  ],
  [
    "a tile that is not a multiple",
    (t) => t.replace("overlap: 8", "overlap: 8, multiple: 3"),
    "#tiling.size",
    /64 is not a multiple of 3/,
  ],
  [
    "an overlap as large as the tile",
    (t) => t.replace("overlap: 8", "overlap: 32"),
    "#tiling.overlap",
    /leaves nothing of 64/,
  ],
  [
    "a file outside its folder",
    (t) => t.replace("file: encoder.onnx", "file: ../encoder.onnx"),
    "#graphs.encoder.file",
    /could leave the folder/,
  ],
  [
    "steps without a schedule",
    (t) => t.replace(/^diffusion:\n( {2}.*\n)+/m, ""),
    "#diffusion",
    /is missing, but steps is given/,
  ],
];

for (const [fault, change, path, message] of faults) {
  Deno.test(`parseCard() refuses ${fault}, in one line that says where`, () => {
    const changed = change(text);
    expect(changed).not.toBe(text);
    let error: unknown;
    try {
      parseCard(changed, place);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ManifestError);
    expect((error as ManifestError).path).toBe(`/entry/model.yml${path}`);
    expect((error as ManifestError).message).toMatch(message);
    expect((error as ManifestError).message).not.toContain("\n");
  });
}

Deno.test("describedSchema() equals zoo/model.schema.json, and describes every key", async () => {
  const file = new URL("../../zoo/model.schema.json", import.meta.url);
  // `deno task schema` writes it.
  const written = await Deno.readTextFile(file);
  expect(JSON.parse(written)).toEqual(await describedSchema());
  const keys = [...written.matchAll(/^ +"properties": \{\n +"\w+": \{\n +"(\w+)"/gm)];
  expect(keys.length).toBeGreaterThan(15);
  // Only the figures of int8 need no description: their keys are metrics.
  expect(keys.filter(([, first]) => first !== "description").length).toBe(1);
});

Deno.test("checkCard() refuses a latent whose grid tiles cannot start on", async () => {
  const folder = new URL("../fixtures/zoo/srflow-tiny/", import.meta.url);
  const card = JSON.parse(await Deno.readTextFile(new URL("model.yml", folder)));
  card.flow.latents[0].ratio = 0.25;
  expect(() => checkCard(card, "card")).toThrow(/flow\.latents\.0\.ratio 0\.25 times/);
});
