/** Packages in the layout that tools other than Deno expect. @module */

const root = new URL("../", import.meta.url).pathname;

/** Links the packages of `deno.lock` as npm would lay them out, for bundlers that need this. */
export async function linkPackages(): Promise<string> {
  const folder = await Deno.makeTempDir();
  const { npm } = JSON.parse(await Deno.readTextFile(`${root}deno.lock`)) as {
    npm: Record<string, unknown>;
  };
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { npmCache } = JSON.parse(new TextDecoder().decode(stdout));
  for (const id of Object.keys(npm).sort()) {
    const [, name, version] = id.match(/^(.+?)@([^@_]+)/)!;
    const place = `${npmCache}/registry.npmjs.org/${name}/${version}`;
    const link = `${folder}/${name}`;
    if (!await isThere(place)) continue;
    await Deno.mkdir(link.slice(0, link.lastIndexOf("/")), { recursive: true });
    // Of several versions keep the last: it is the newest, which our own code uses.
    if (await isThere(link)) await Deno.remove(link);
    await Deno.symlink(place, link);
  }
  return folder;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}
