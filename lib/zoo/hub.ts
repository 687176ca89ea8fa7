/** Entries in repositories of the Hugging Face Hub, written `hf:owner/repo[@revision]`. @module */

import { environment } from "../platform.ts";

/** Names that the Hub allows; a folder below the repository may follow. */
const SPEC =
  /^hf:([A-Za-z0-9][\w.-]{0,95})\/([A-Za-z0-9][\w.-]{0,95})((?:\/[A-Za-z0-9_][\w.-]{0,95})*)(?:@([A-Za-z0-9][\w.-]{0,95}))?$/;

/** Whether a text names an entry of the Hub. */
export function isHubSpec(text: string): boolean {
  return text.startsWith("hf:");
}

/**
 * URL of the folder that an entry's files are served from.
 *
 * @param spec Such as `hf:owner/repo`, `hf:owner/repo@v1.0` or `hf:owner/repo/folder@0123abc`; the revision is
 * a branch, a tag or a commit, `main` if absent.
 * @throws {TypeError} If it is written in another way.
 */
export function hubFolder(spec: string): URL {
  const [, owner, repo, folder, revision = "main"] = spec.match(SPEC) ?? [];
  if (owner === undefined || spec.includes("..")) {
    throw new TypeError(
      `Cannot use the model "${spec}": write hf:owner/repo, hf:owner/repo@revision or ` +
        `hf:owner/repo/folder@revision`,
    );
  }
  // The Hub's own tools read the same variable, for mirrors.
  const host = environment("HF_ENDPOINT") ?? "https://huggingface.co";
  return new URL(`${host.replace(/\/$/, "")}/${owner}/${repo}/resolve/${revision}${folder}/`);
}
