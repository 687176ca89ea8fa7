import { expect } from "expect";
import { installGroup, pythonCommand } from "../../train/environment.ts";
import { withVariables } from "../_environment.ts";

const train = new URL("../../train/", import.meta.url);

/** Calls `action` while SRZOO_PYTHON is set to an interpreter. */
const withPython = <T>(python: string, action: () => Promise<T>) =>
  withVariables({ SRZOO_PYTHON: python }, action);

Deno.test("pythonCommand() takes the interpreter in SRZOO_PYTHON unchanged", async () => {
  expect(await withPython("/some/python", pythonCommand)).toEqual(["/some/python"]);
});

Deno.test("requirements.lock pins, with hashes, every package that pyproject.toml asks for", async () => {
  const project = await Deno.readTextFile(new URL("pyproject.toml", train));
  const lock = await Deno.readTextFile(new URL("requirements.lock", train));
  const asked = [...project.matchAll(/^ {2}"([a-z]+)>=/gm)].map((match) => match[1]);
  expect(asked.length).toBeGreaterThan(9);
  for (const name of asked) {
    expect(lock).toMatch(new RegExp(`^${name}==[^ ]+.*\\n +--hash=sha256:`, "m"));
  }
});

Deno.test("installGroup() does not touch the user's own interpreter, and names an unknown group", async () => {
  await expect(withPython("/some/python", () => installGroup("spandrel"))).rejects.toThrow(
    "/some/python yourself",
  );
  await expect(withPython("/some/python", () => installGroup("other"))).rejects.toThrow(
    "other.lock",
  );
});

Deno.test("spandrel.lock pins, with hashes, what the group adds to requirements.lock", async () => {
  const [group, lock] = await Promise.all(
    ["spandrel.lock", "requirements.lock"].map((name) => Deno.readTextFile(new URL(name, train))),
  );
  const names = [...group.matchAll(/^([a-z]+)==/gm)].map((match) => match[1]);
  expect(names).toEqual(["einops", "spandrel", "torchvision"]);
  for (const name of names) expect(lock).not.toMatch(new RegExp(`^${name}==`, "m"));
});
