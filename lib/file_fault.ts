/** System errors about files, in words. @module */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
  ELOOP: "it is a link to itself",
};

/** The error with its reason in words, if users are likely to meet it; the `code` stays. */
export function fileFault(error: Error): Error {
  const { code = "" } = error as { code?: string };
  const words = WORDS[code];
  return words ? Object.assign(new Error(words, { cause: error }), { code }) : error;
}
