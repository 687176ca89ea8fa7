/**
 * The Python environment of `train/`: made on the first use, reused as long as `pyproject.toml` is
 * the same.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

const project = new URL("./", import.meta.url);
const venv = new URL(".venv/", project);
const stamp = new URL("srzoo.sha256", venv);

/** What the code imports; an interpreter that has all of it needs no environment of ours. */
const modules = ["torch", "accelerate", "numpy", "yaml", "PIL", "onnx", "onnxruntime", "safetensors"];

/**
 * The command that starts Python with everything that `train/` needs.
 *
 * It is `SRZOO_PYTHON` where that is set, else the environment `train/.venv`, made with uv or with
 * venv and pip. Where none can be made, as on a machine without network, it is a `python3` that has
 * the packages.
 *
 * @throws {Error} If there is neither; the message says what to install.
 */
export async function pythonCommand(): Promise<string[]> {
  const chosen = Deno.env.get("SRZOO_PYTHON");
  if (chosen) return [chosen];
  const wanted = await digest(new URL("pyproject.toml", project));
  const python = fileURLToPath(
    new URL(Deno.build.os === "windows" ? "Scripts/python.exe" : "bin/python", venv),
  );
  const made = await Deno.readTextFile(stamp).catch(() => "");
  if (made === wanted) return [python];
  if (await hasModules("python3")) return ["python3"];
  console.error("Making the Python environment train/.venv; this takes minutes and some GB, once");
  await make(python);
  await Deno.writeTextFile(stamp, wanted);
  return [python];
}

/** Makes the environment and fills it from `pyproject.toml`. */
async function make(python: string): Promise<void> {
  const folder = fileURLToPath(venv), source = fileURLToPath(project);
  const steps = await succeeds("uv", ["--version"])
    ? [
      ["uv", "venv", "--allow-existing", folder],
      ["uv", "pip", "install", "--python", python, "--editable", source],
    ]
    : [
      ["python3", "-m", "venv", folder],
      [python, "-m", "pip", "install", "--quiet", "--editable", source],
    ];
  for (const [command, ...args] of steps) {
    if (await succeeds(command, args, "inherit")) continue;
    throw new Error(
      `Cannot make the Python environment: "${[command, ...args].join(" ")}" failed. Set ` +
        `SRZOO_PYTHON to a Python of 3.11 or newer that has ${modules.join(", ")}`,
    );
  }
}

/** Whether an interpreter finds all packages; it does not load them. */
async function hasModules(python: string): Promise<boolean> {
  const code = `import sys, importlib.util as u
sys.exit(not (sys.version_info >= (3, 11) and all(map(u.find_spec, ${JSON.stringify(modules)}))))`;
  return await succeeds(python, ["-c", code]);
}

/** Whether a command can be started and ends well. */
async function succeeds(
  command: string,
  args: string[],
  output: "null" | "inherit" = "null",
): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: output, stderr: output }).spawn().status)
      .success;
  } catch {
    return false;
  }
}

async function digest(file: URL): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", await Deno.readFile(file))).toHex();
}
