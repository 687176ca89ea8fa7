/** What the system says about files, in words. @module */

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EISDIR: "it is a folder",
  EACCES: "this user may not read it",
  ELOOP: "it is a link to itself",
};

/** The reason in words, for the errors that users are likely to meet; the `code` stays. */
export function fileFault(error: Error): Error {
  const { code = "" } = error as { code?: string };
  const words = WORDS[code];
  return words ? Object.assign(new Error(words, { cause: error }), { code }) : error;
}
