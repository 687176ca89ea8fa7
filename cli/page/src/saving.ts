/** Results as files and on the clipboard. @module */

/** Formats of files. */
export type Format = "png" | "jpeg" | "webp";

/** Milliseconds after which a browser has begun to save. */
const BEGUN = 10_000;

/** Saves a file among the user's downloads. */
export function saveFile(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), BEGUN);
}

/** The name of a result's file: that of the photograph, the model's, and the sample's number if there are several. */
export function nameOf(
  photograph: string,
  model: string,
  format: Format,
  sample?: number,
): string {
  const ending = format === "jpeg" ? "jpg" : format;
  const number = sample === undefined ? "" : `-${sample}`;
  return `${photograph.replace(/\.\w+$/, "")}-${model}${number}.${ending}`;
}

/**
 * Puts a PNG on the clipboard.
 *
 * @throws {Error} If the browser refuses, or has no clipboard, as over http.
 */
export async function copyImage(png: Promise<Blob>): Promise<void> {
  if (!navigator.clipboard?.write) throw new Error("browsers allow it on https pages only");
  await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
}

/** Puts text on the clipboard; false if the browser refuses. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
