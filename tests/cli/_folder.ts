import { withFolder } from "../_folder.ts";

/** Runs a test in its own folder, which is removed afterwards. */
export function inFolder(test: (folder: string) => Promise<void>): () => Promise<void> {
  return () => withFolder(test);
}

/** Names of all files below a folder, sorted. */
export async function filesBelow(folder: string, prefix = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(`${folder}/${prefix}`)) {
    const place = prefix + entry.name;
    if (entry.isDirectory) files.push(...await filesBelow(folder, `${place}/`));
    else files.push(place);
  }
  return files.sort();
}
