import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const own = fileURLToPath(new URL("../train/.venv/bin/python", import.meta.url));

/** The Python that has the packages of `train/`, or undefined if its environment does not exist. */
export const python = Deno.env.get("SRZOO_PYTHON") ?? (existsSync(own) ? own : undefined);
