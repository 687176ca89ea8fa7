/** Images of the shared folder, if it is present. @module */

/** The folder of test images. */
export const data = new URL("../../../shared/data/", import.meta.url);

/** Whether it is present; tests that need it are skipped otherwise. */
export const hasData = await Deno.stat(data).then(() => true, () => false);

/** Files with their expected outcome, from the manifest of odd and hostile files. */
export async function badInputs(): Promise<{ file: string; expected: string }[]> {
  const text = await Deno.readTextFile(new URL("bad-inputs/manifest.csv", data));
  return text.trim().split("\n").slice(1).map((line) => {
    const fields = [...line.matchAll(/("([^"]*)"|[^,]*)(,|$)/g)].map((m) => m[2] ?? m[1]);
    return { file: fields[0], expected: fields[2] };
  });
}

/** The URL of an odd file, whose name may contain any character. */
export function badInput(file: string): URL {
  return new URL(`bad-inputs/${encodeURIComponent(file)}`, data);
}

/** The URL of a recorded case: a file that users of other tools reported, or an attack. */
export function caseFile(file: string): URL {
  return new URL(`cases/${file}`, data);
}
