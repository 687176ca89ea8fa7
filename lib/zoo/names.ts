/** The names that a card may give to files and an index to entries. @module */

/** A plain file name: no folder, no drive, no escape, nothing that a URL or a shell would interpret. */
const FILE_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,126}[A-Za-z0-9_-])?$/;

/** Id of an entry, which is also the name of its folder. */
export const ENTRY_ID = /^[a-z0-9](?:[a-z0-9.-]{0,62}[a-z0-9])?$/;

/** What {@linkcode ENTRY_ID} allows, for error messages. */
export const ENTRY_ID_RULE =
  "must be 1 to 64 lower-case letters, digits, - and ., the first and the last no - or .";

/** Whether a card may call one of its files so. */
export function isFileName(name: string): boolean {
  return FILE_NAME.test(name);
}

/**
 * The URL of a file in an entry's folder.
 *
 * The name is checked here as well as in the card: whoever resolves a name must not depend on
 * whether somebody else has looked at it.
 *
 * @param name A plain file name.
 * @param folder URL of the folder, ending in `/`.
 * @throws {TypeError} If the name could stand for a place outside of the folder.
 */
export function fileIn(name: string, folder: string | URL): URL {
  if (!isFileName(name)) throw new TypeError(`Cannot use the file name ${fileNameFault(name)}`);
  return new URL(encodeURIComponent(name), folder);
}

/** What is wrong with a file name, in words that end a sentence. */
export function fileNameFault(name: string): string {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}...` : name);
  return `${shown}: it is not a plain file name of at most 128 letters, digits, ".", "_" and "-", ` +
    `so it could leave the folder of the card`;
}
