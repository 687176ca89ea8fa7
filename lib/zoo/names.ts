/** Valid names of files in a card and of entries in an index. @module */

/** What Windows takes for a device in any folder, whatever follows a dot. */
const DEVICE = "(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\\.|$))";

/** A plain file name: no folder, no drive, no device, no escape, nothing that a URL or a shell would interpret. */
const FILE_NAME = new RegExp(`^${DEVICE}[a-z0-9_](?:[a-z0-9._-]{0,126}[a-z0-9_-])?$`, "i");

/** Id of an entry, which is also the name of its folder. */
export const ENTRY_ID: RegExp = new RegExp(`^${DEVICE}[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$`);

/** What {@linkcode ENTRY_ID} allows, for error messages. */
export const ENTRY_ID_RULE =
  "must be 1 to 64 lower-case letters, digits, - and ., must not begin or end with - or ., and must not be a Windows device";

/** Other files of an entry or of a zoo, in lower case. */
const TAKEN = ["model.yml", "index.yml", "readme.md"];

/** Whether other files of an entry have this name, so that no graph, fixture or list of authors may have it. */
export function isTaken(name: string): boolean {
  return TAKEN.includes(name.toLowerCase());
}

/** Whether a card may give a file this name. */
export function isFileName(name: string): boolean {
  return FILE_NAME.test(name);
}

/**
 * The URL of a file in an entry's folder.
 *
 * The name is checked here as well as in the card: resolving a name must not depend on
 * earlier checks.
 *
 * @param name A plain file name.
 * @param folder URL of the folder, ending in `/`.
 * @throws {TypeError} If the name could lead outside of the folder.
 */
export function fileIn(name: string, folder: string | URL): URL {
  if (!isFileName(name)) throw new TypeError(`Cannot use the file name ${fileNameFault(name)}`);
  return new URL(encodeURIComponent(name), folder);
}

/** What is wrong with a file name, as the end of a sentence. */
export function fileNameFault(name: string): string {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
  return `${shown}: it is not a plain file name of at most 128 letters, digits, ".", "_" and "-", ` +
    `or a device of Windows, so it could leave the folder of the card`;
}
