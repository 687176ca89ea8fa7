/** Folders for the files of a test. @module */

/** Runs `work` in a new folder, which is removed afterwards. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "srzoo-test-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Copies the files of a folder, such as an entry, into a new one. */
export async function copyFolder(from: string | URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    const source = from instanceof URL ? new URL(name, from) : `${from}/${name}`;
    await Deno.copyFile(source, `${to}/${name}`);
  }
}
