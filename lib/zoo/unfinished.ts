/** Names of unfinished downloads, which state the version that they belong to. @module */

/** The version of a file of which a server has sent the beginning. */
export interface Version {
  /** Sixteen hex digits of the SHA-256 of its URL. */
  readonly place: string;
  /** Its strong ETag, in quotation marks: the same for the same bytes alone (RFC 9110, section 8.8.3). */
  readonly tag: string;
}

/** Longest ETag that is kept: in hex, it fits in a file name. */
const LONGEST = 64;

/** A strong ETag that can be kept; it may have been read from a file name, where anybody could write it. */
const TAG = /^"[\x21\x23-\x7e]*"$/;

const NAME = /^([0-9a-f]{64})(?:\.([0-9a-f-]{36}))?(?:\.v([0-9a-f]{16})((?:[0-9a-f]{2})+))?\.part$/;

/** Whether an ETag can be kept. */
export function isKeepable(tag: string): boolean {
  return tag.length <= LONGEST && TAG.test(tag);
}

/**
 * The name of an unfinished file.
 *
 * The version is part of it, so that one renaming hands over both: beside the file, it could be that of another
 * process's bytes.
 *
 * @param sha256 Of the whole file.
 * @param owner A UUID of the download that writes it; absent once it is left for anybody.
 */
export function unfinishedName(sha256: string, version?: Version, owner?: string): string {
  const hex = version && Array.from(
    version.tag,
    (character) => character.charCodeAt(0).toString(16).padStart(2, "0"),
  ).join("");
  return `${sha256}${owner ? `.${owner}` : ""}${version ? `.v${version.place}${hex}` : ""}.part`;
}

/** What the name of an unfinished file says, or undefined if it is not one. */
export function parseUnfinished(
  name: string,
): { sha256: string; owner?: string; version?: Version } | undefined {
  const [, sha256, owner, place, hex] = name.match(NAME) ?? [];
  if (sha256 === undefined) return undefined;
  if (place === undefined) return { sha256, owner };
  const codes = hex.match(/../g)!.map((pair) => parseInt(pair, 16));
  const tag = String.fromCharCode(...codes);
  return { sha256, owner, version: isKeepable(tag) ? { place, tag } : undefined };
}
