import { expect } from "expect";
import { fileURLToPath } from "node:url";
import { load } from "../../lib/load.ts";
import { hubFolder } from "../../lib/zoo/hub.ts";
import { resolveCard } from "../../lib/zoo/resolve.ts";
import { serveEntries } from "../_entry_server.ts";
import { withVariables } from "../_environment.ts";

const zoo = new URL("../fixtures/zoo/", import.meta.url);
const folder = new URL("tiny/", zoo);

Deno.test("resolveCard() finds an entry by id, folder, file, URL, registry and Hub", async () => {
  const cache = await Deno.makeTempDir();
  await using server = serveEntries(fileURLToPath(zoo));
  const path = decodeURIComponent(folder.pathname);
  const index = `${server.url}/index.yml`;
  const ways: [model: string | URL, zoo?: string | URL][] = [
    ["tiny", zoo],
    ["tiny", new URL("index.yml", zoo)],
    ["tiny", server.url],
    ["tiny", index],
    [path],
    [path.slice(0, -1)],
    [`${path}model.yml`],
    [folder],
    [folder.href],
    [`${server.url}/tiny/model.yml`],
    [`${server.url}/tiny`],
  ];
  for (const [model, zoo] of ways) {
    const card = await resolveCard(model, { zoo, cache });
    expect([`${model}`, card.id]).toEqual([`${model}`, "tiny"]);
  }
  await withVariables({ HF_ENDPOINT: server.url }, async () => {
    for (const model of ["hf:OWNER/tiny", "hf:OWNER/tiny@v1.0"]) {
      expect((await resolveCard(model, { cache })).id).toBe("tiny");
    }
  });
  expect(server.paths.slice(-2)).toEqual([
    "/OWNER/tiny/resolve/main/model.yml",
    "/OWNER/tiny/resolve/v1.0/model.yml",
  ]);
  await Deno.remove(cache, { recursive: true });
});

Deno.test("load() opens an entry in the working directory", async () => {
  const before = Deno.cwd();
  Deno.chdir(zoo);
  try {
    for (const model of ["./regression-tiny", "regression-tiny/model.yml"]) {
      await using upscaler = await load(model, { provider: "native", threads: 1 });
      expect(upscaler.card.id).toBe("regression-tiny");
    }
    await expect(load("regression-tinny", { zoo })).rejects.toThrow(/did you mean regression-tiny/);
  } finally {
    Deno.chdir(before);
  }
});

Deno.test("hubFolder() takes owner, repository, folder and revision, and refuses names that lead elsewhere", () => {
  expect(hubFolder("hf:a/b").href).toBe("https://huggingface.co/a/b/resolve/main/");
  expect(hubFolder("hf:a/b@v2").href).toBe("https://huggingface.co/a/b/resolve/v2/");
  expect(hubFolder("hf:a/b/c-x4/d@0a1b").href).toBe(
    "https://huggingface.co/a/b/resolve/0a1b/c-x4/d/",
  );
  const refused = [
    "hf:",
    "hf:a",
    "hf:a/",
    "hf:../b",
    "hf:a/..",
    "hf:a/b/../../c",
    "hf:a/b@../../c",
    "hf:a/b@x/y",
    "hf:a/b?x",
    "hf:a/b#x",
    "hf:a%2f/b",
    "hf:a b/c",
    "hf://a/b",
    "hf:a/b@",
  ];
  for (const spec of refused) expect(() => hubFolder(spec)).toThrow(/write hf:owner\/repo/);
});
