import { expect } from "expect";
import { ManifestError } from "../../lib/errors.ts";
import { load } from "../../lib/load.ts";
import { fileIn, isFileName } from "../../lib/zoo/names.ts";
import { publish } from "../../cli/zoo/publish.ts";
import { parseCard, readCard, recheckCard } from "../../lib/zoo/read.ts";
import { fetchFixture, fetchGraph } from "../../lib/zoo/store.ts";
import { parseIndex } from "../../lib/zoo/zoo.ts";
import { copyFolder } from "../_folder.ts";

const tiny = new URL("../fixtures/zoo/tiny/", import.meta.url);

/** Names that some parser of paths or URLs takes for another folder, a drive, a device or a query. */
const hostile = [
  "%2e%2e/%2e%2e/cli/upscale.ts",
  ".%2e/%2E./cli/upscale.ts",
  "..%2f..%2fcli%2fupscale.ts",
  "..%5c..%5ccli%5cupscale.ts",
  ".\t./.\t./cli/upscale.ts",
  ".\n./.\n./cli/upscale.ts",
  ".\r./cli/upscale.ts",
  " ../cli/upscale.ts",
  "../../cli/upscale.ts",
  "..\\..\\cli\\upscale.ts",
  "/etc/passwd",
  "\t/etc/passwd",
  "//host/share",
  "C:/x",
  "C|/x",
  "C:x",
  "file:///etc/passwd",
  "https://example.org/x",
  "data:,x",
  "a\0b",
  "%00",
  "%zz",
  "model.yml?x",
  "model.yml#x",
  "",
  ".",
  "..",
  ".hidden",
  "folder/x.onnx",
  "x.onnx/",
  "x.onnx ",
  "x.onnx.",
  "\u202ex.onnx",
  "\uff0e\uff0e\uff0fx",
  "x\u2215y",
  "x\n",
  "a".repeat(129),
  "CON",
  "con.onnx",
  "NUL.tar.onnx",
  "aux",
  "COM1.onnx",
  "lpt9",
  "x\u200b.onnx",
  "\u0430.onnx",
  "caf\u00e9.onnx",
  "cafe\u0301.onnx",
];

Deno.test("isFileName() accepts plain names, and fileIn() puts them into the folder", () => {
  const plain = ["network.onnx", "fixture.safetensors", "_a", "a-b_c.1.onnx", "x"];
  for (
    const name of [...plain, "console.onnx", "com.onnx", "com10.onnx", "a.nul", "NETWORK.ONNX"]
  ) {
    expect(isFileName(name)).toBe(true);
    expect(fileIn(name, tiny).href).toBe(`${tiny.href}${name}`);
  }
});

Deno.test("fileIn() refuses every name that could stand for a place outside the folder", () => {
  for (const name of hostile) expect(() => fileIn(name, tiny)).toThrow(/not a plain file name/);
});

Deno.test("parseCard() refuses such a name for a graph or for the fixture", async () => {
  const text = await Deno.readTextFile(new URL("model.yml", tiny));
  for (const name of hostile) {
    for (const own of ["encoder.onnx", "fixture.safetensors"]) {
      const changed = text.replace(`file: ${own}`, `file: ${JSON.stringify(name)}`);
      expect(() => parseCard(changed, tiny)).toThrow(ManifestError);
      expect(() => parseCard(changed, tiny)).toThrow(/leave the folder of the card/);
    }
  }
});

Deno.test("parseCard() refuses files that would replace each other or the card", async () => {
  const text = await Deno.readTextFile(new URL("model.yml", tiny));
  for (
    const [name, why] of [["DENOISER.onnx", /one file on many disks/], [
      "denoiser.ONNX",
      /one file/,
    ]]
  ) {
    const changed = text.replace("file: encoder.onnx", `file: ${name}`);
    expect(() => parseCard(changed, tiny)).toThrow(why);
  }
  for (const name of ["model.yml", "Model.YML", "index.yml", "README.md", "readme.md"]) {
    const changed = text.replace("file: encoder.onnx", `file: ${name}`);
    expect(() => parseCard(changed, tiny)).toThrow(/the name of another file of every entry/);
  }
});

Deno.test("parseIndex() refuses more than 10000 entries, and repeated ones", () => {
  const ids = Array.from({ length: 60_000 }, (_, i) => `e${i}`);
  expect(() => parseIndex(JSON.stringify(ids), tiny)).toThrow(
    /lists 60000 entries, more than 10000/,
  );
  expect(parseIndex(JSON.stringify(ids.slice(0, 10_000)), tiny).length).toBe(10_000);
  expect(() => parseIndex(JSON.stringify([...ids.slice(0, 9), "e0"]), tiny)).toThrow(
    /listed twice/,
  );
});

Deno.test("load(), fetchGraph() and fetchFixture() refuse such a name in a card that a program made", async () => {
  const card = await readCard(tiny);
  for (const file of hostile) {
    const graphs = { ...card.graphs, encoder: { ...card.graphs.encoder, file } };
    const changed = { ...card, graphs, fixture: { ...card.fixture!, file } };
    await expect(load(changed)).rejects.toThrow(ManifestError);
    await expect(fetchGraph(changed, "encoder")).rejects.toThrow(/not a plain file name/);
    await expect(fetchFixture(changed)).rejects.toThrow(/not a plain file name/);
  }
});

Deno.test("parseIndex() refuses ids that could stand for a place outside the folder", () => {
  for (const id of [...hostile, "Tiny", "a/b", "-a", "a.", "a".repeat(65), "nul", "con.v2"]) {
    expect(() => parseIndex(JSON.stringify([id]), tiny)).toThrow(ManifestError);
  }
});

Deno.test("recheckCard() accepts graphs from https and localhost, and load() refuses all others", async () => {
  const card = await readCard(tiny);
  const withUrl = (url: string) => ({
    ...card,
    graphs: { ...card.graphs, encoder: { ...card.graphs.encoder, url } },
  });
  const accepted = ["https://example.org/x", "http://localhost:80/x", "http://127.0.0.1/x"];
  for (const url of [...accepted, "http://[::1]/x"]) {
    expect(recheckCard(withUrl(url)).graphs.encoder.url).toBe(url);
  }
  const refused = [
    "file:///dev/zero",
    "http://example.org/x",
    "ftp://example.org/x",
    "data:,x",
    "blob:null/x",
    "https://user:secret@example.org/x",
    "http://localhost.example.org/x",
  ];
  for (const url of refused) await expect(load(withUrl(url))).rejects.toThrow(ManifestError);
});

/** A zoo beside a program, and an attacker's entry that names the program's file. */
async function setUp() {
  const root = await Deno.makeTempDir();
  await Deno.mkdir(`${root}/victim/zoo`, { recursive: true });
  await Deno.mkdir(`${root}/victim/cli`);
  await Deno.mkdir(`${root}/attacker/cli`, { recursive: true });
  await Deno.writeTextFile(`${root}/victim/zoo/index.yml`, "[]\n");
  await Deno.writeTextFile(`${root}/victim/cli/upscale.ts`, "// original\n");
  await copyFolder(tiny, `${root}/attacker/zoo/entry`);
  // The file that the name points to contains what the card promises, so that only the name is wrong.
  await Deno.copyFile(new URL("encoder.onnx", tiny), `${root}/attacker/cli/upscale.ts`);
  return {
    zoo: `${root}/victim/zoo`,
    entry: `${root}/attacker/zoo/entry`,
    victim: () => Deno.readTextFile(`${root}/victim/cli/upscale.ts`),
    inside: () => [...Deno.readDirSync(`${root}/victim/zoo`)].map((file) => file.name),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("publish() overwrites nothing outside the zoo, however the name is spelled", async () => {
  await using place = await setUp();
  const text = await Deno.readTextFile(`${place.entry}/model.yml`);
  for (const name of hostile) {
    const changed = text.replace("file: encoder.onnx", `file: ${JSON.stringify(name)}`);
    await Deno.writeTextFile(`${place.entry}/model.yml`, changed);
    await expect(publish(place.entry, place.zoo)).rejects.toThrow(ManifestError);
    expect(await place.victim()).toBe("// original\n");
    expect(place.inside()).toEqual(["index.yml"]);
  }
});

Deno.test("publish() follows no link out of the entry, and leaves no trace of one", async () => {
  for (const name of ["README.md", "encoder.onnx", "fixture.safetensors"]) {
    await using place = await setUp();
    const secret = `${place.zoo}/../secret`;
    const isEntryFile = name !== "README.md";
    if (isEntryFile) await Deno.rename(`${place.entry}/${name}`, secret);
    else await Deno.writeTextFile(secret, "private");
    await Deno.symlink(secret, `${place.entry}/${name}`);
    await expect(publish(place.entry, place.zoo)).rejects.toThrow(/is not an ordinary file/);
    expect(place.inside()).toEqual(["index.yml"]);
  }
});
