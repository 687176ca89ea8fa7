import { expect } from "expect";
import { ManifestError, ModelNotFoundError } from "../../lib/errors.ts";
import { editDistance, nearest } from "../../lib/zoo/nearest.ts";
import { readCard } from "../../lib/zoo/read.ts";
import { openZoo, parseIndex } from "../../lib/zoo/zoo.ts";

const folder = new URL("../fixtures/zoo/", import.meta.url);

Deno.test("openZoo() lists the entries of a folder in the order of its index", async () => {
  const cards = await openZoo(folder).list();
  expect(cards.map((card) => card.id)).toEqual(["regression-tiny", "srdiff-tiny", "tiny"]);
});

Deno.test("openZoo() reads the entries of this package, in a checkout and over HTTP", async () => {
  const own = await openZoo().list();
  const root = new URL("../../zoo/", import.meta.url);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) =>
      new Response(await Deno.readFile(new URL(`.${new URL(request.url).pathname}`, root))),
  );
  const served = await openZoo(`http://127.0.0.1:${server.addr.port}`).list();
  expect(served.map((card) => card.id)).toEqual(own.map((card) => card.id));
});

Deno.test("Zoo.find() names the most similar entries", async () => {
  const error = await openZoo(folder).find("tinny").catch((error) => error);
  expect(error).toBeInstanceOf(ModelNotFoundError);
  expect(error.near[0]).toBe("tiny");
});

Deno.test("Zoo.find() says which part of an entry is missing", async () => {
  const directory = await Deno.makeTempDir();
  await expect(openZoo(directory).find("lost")).rejects.toThrow(/index\.yml/);
  await Deno.writeTextFile(`${directory}/index.yml`, "- lost\n");
  await expect(openZoo(directory).find("lost")).rejects.toThrow(/lost\/model\.yml/);
  await Deno.remove(directory, { recursive: true });
});

Deno.test("Zoo.register() adds an entry, and refuses one whose id is taken", async () => {
  const zoo = openZoo(folder);
  const tiny = await zoo.find("tiny");
  await expect(zoo.register(tiny)).rejects.toThrow(ManifestError);
  const other = { ...tiny, id: "other" };
  await zoo.register(other);
  expect(await zoo.find("other")).toEqual(other);
  await expect(zoo.register(other)).rejects.toThrow(/already has an entry with this id/);
  expect((await zoo.list()).map((card) => card.id).at(-1)).toBe("other");
});

Deno.test("Zoo.register() refuses a card that breaks the schema, and keeps nothing of it", async () => {
  const zoo = openZoo(folder);
  const card = { ...await readCard(new URL("tiny/", folder)), id: "other", scale: 99 };
  await expect(zoo.register(card)).rejects.toThrow(ManifestError);
  await expect(zoo.find("other")).rejects.toThrow(ModelNotFoundError);
});

Deno.test("parseIndex() takes an empty index, and refuses anything except a list of different ids", () => {
  const url = new URL("file:///zoo/index.yml");
  expect(parseIndex("# nothing yet\n", url)).toEqual([]);
  expect(() => parseIndex("srdiff: 1\n", url)).toThrow(ManifestError);
  expect(() => parseIndex("- a\n- b\n- a\n", url)).toThrow(/"a" is listed twice/);
});

Deno.test("editDistance() counts the characters to insert, delete or replace", () => {
  const pairs = [["kitten", "sitting", 3], ["", "abc", 3], ["abc", "", 3], ["flaw", "lawn", 2], [
    "sr3",
    "sr3",
    0,
  ]];
  for (const [from, to, edits] of pairs) {
    expect(editDistance(String(from), String(to))).toBe(edits);
  }
});

Deno.test("nearest() gives at most three names, best first", () => {
  expect(nearest("srdif", ["bicubic", "sr3", "srflow", "srdiff-large", "srdiff"]))
    .toEqual(["srdiff-large", "srdiff"]);
  expect(nearest("x8", ["a-x8", "b-x8", "c-x8", "d-x8"])).toEqual(["a-x8", "b-x8", "c-x8"]);
  for (const typed of ["x", "", "unlike"]) expect(nearest(typed, ["srdiff", "sr3"])).toEqual([]);
});
