import { expect } from "expect";
import { IntegrityError, ManifestError } from "../../lib/errors.ts";
import { publish } from "../../cli/zoo/publish.ts";
import { fetchGraph } from "../../lib/zoo/store.ts";
import { openZoo } from "../../lib/zoo/zoo.ts";
import { copyFolder } from "../_folder.ts";

const tiny = new URL("../fixtures/zoo/tiny/", import.meta.url);
const comment = "# All entries.\n";

/** A zoo without entries, and a copy of an entry to break. */
async function setUp() {
  const root = await Deno.makeTempDir();
  const [zoo, entry] = [`${root}/zoo`, `${root}/entry`];
  await Deno.mkdir(zoo);
  await Deno.writeTextFile(`${zoo}/index.yml`, comment);
  await copyFolder(tiny, entry);
  return {
    zoo,
    entry,
    inside: () => [...Deno.readDirSync(zoo)].map((file) => file.name).sort(),
    index: () => Deno.readTextFile(`${zoo}/index.yml`),
    async change(from: string | RegExp, to: string) {
      const text = await Deno.readTextFile(`${entry}/model.yml`);
      await Deno.writeTextFile(`${entry}/model.yml`, text.replace(from, to));
    },
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

Deno.test("publish() copies an entry into a zoo, from which it loads", async () => {
  await using place = await setUp();
  const card = await publish(place.entry, place.zoo);
  expect(card.id).toBe("tiny");
  expect(place.inside()).toEqual(["index.yml", "tiny"]);
  expect(await place.index()).toMatch(/^# All entries\.\n\n?- tiny\n$/);
  const found = await openZoo(place.zoo).find("tiny");
  expect(found).toEqual(card);
  expect((await fetchGraph(found, "denoiser")).length).toBe(found.graphs.denoiser.bytes);
});

Deno.test("publish() lists an entry that is already in the zoo's folder after the others", async () => {
  await using place = await setUp();
  await Deno.writeTextFile(`${place.zoo}/index.yml`, `${comment}- first # the oldest\n`);
  await Deno.rename(place.entry, `${place.zoo}/tiny`);
  await publish(`${place.zoo}/tiny`, place.zoo);
  expect(await place.index()).toBe(`${comment}- first # the oldest\n- tiny\n`);
});

Deno.test("publish() refuses an id that is already listed", async () => {
  await using place = await setUp();
  await publish(place.entry, place.zoo);
  const before = await place.index();
  await expect(publish(place.entry, place.zoo)).rejects.toThrow(/"tiny" is listed already/);
  expect(await place.index()).toBe(before);
});

type Place = Awaited<ReturnType<typeof setUp>>;

const breaks: [string, (place: Place) => Promise<void>, unknown][] = [
  [
    "a graph is a different file",
    ({ entry }) => Deno.writeTextFile(`${entry}/encoder.onnx`, "?"),
    IntegrityError,
  ],
  ["a graph is missing", ({ entry }) => Deno.remove(`${entry}/encoder.onnx`), /encoder\.onnx/],
  ["the fixture is missing", ({ entry }) => Deno.remove(`${entry}/fixture.safetensors`), /fixture/],
  [
    "a size is wrong",
    (place) => place.change(/bytes: \d+/, "bytes: 5"),
    /says 5 bytes, it has \d+/,
  ],
  ["the card breaks the schema", (place) => place.change("scale: 2", "scale: two"), ManifestError],
  ["a folder with this id exists", ({ zoo }) => Deno.mkdir(`${zoo}/tiny`), /exists already/],
];

for (const [sentence, damage, error] of breaks) {
  Deno.test(`publish() leaves no trace if ${sentence}`, async () => {
    await using place = await setUp();
    await damage(place);
    const before = place.inside();
    await expect(publish(place.entry, place.zoo)).rejects.toThrow(error as RegExp);
    expect(place.inside()).toEqual(before);
    expect(await place.index()).toBe(comment);
  });
}
