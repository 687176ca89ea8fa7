/**
 * The Python environment of `train/`: made on first use from `requirements.lock`, reused afterwards.
 *
 *     deno run -A train/environment.ts MODULE [ARGUMENTS]
 *
 * runs a Python module in it; `--group NAME` installs what `NAME.lock` adds to it. SRZOO_PYTHON names an interpreter
 * that is used as it is, on machines where nothing can be installed.
 *
 * @module
 */

import { sha256Of } from "../lib/sha256.ts";

const here = new URL("./", import.meta.url);
const lock = new URL("requirements.lock", here);
const folder = new URL(".venv/", here);
const stamp = new URL("installed.sha256", folder);
const oldest = [3, 11];

/**
 * The command that starts Python with everything in `requirements.lock`; makes the environment if
 * there is none, or if the lock has changed since.
 *
 * @throws {Error} If there is no Python 3.11 or newer, or if the packages cannot be installed.
 */
export async function pythonCommand(): Promise<string[]> {
  const given = Deno.env.get("SRZOO_PYTHON");
  if (given) return [given];
  const wanted = await lockDigest();
  await using _held = await holdLock();
  if (await installed() !== wanted) await install(wanted);
  return [pythonOf(folder)];
}

/**
 * Runs a module of `train/` in the environment, from the caller's folder.
 *
 * @returns Its exit code.
 */
export async function runModule(module: string, args: readonly string[]): Promise<number> {
  const [python, ...options] = await pythonCommand();
  // An interrupt reaches the module too, which saves its state before it ends.
  Deno.addSignalListener("SIGINT", ignore);
  try {
    const { code } = await new Deno.Command(python, {
      args: [...options, "-m", module, ...args],
      env: { PYTHONPATH: path(here) },
    }).spawn().status;
    return code;
  } finally {
    Deno.removeSignalListener("SIGINT", ignore);
  }
}

/**
 * Installs an optional group of packages into the environment: those of `NAME.lock`, which are not in
 * `requirements.lock`.
 *
 * @throws {Error} If SRZOO_PYTHON names an interpreter, which is used as it is, or if it does not succeed.
 */
export async function installGroup(name: string): Promise<void> {
  const [python] = await pythonCommand();
  const file = new URL(`${name}.lock`, here);
  await Deno.stat(file).catch(() => {
    throw new Error(`Cannot install the group "${name}": there is no ${path(file)}`);
  });
  if (python !== pythonOf(folder)) {
    throw new Error(
      `Cannot install the group "${name}": SRZOO_PYTHON is used as it is; install what ` +
        `${path(file)} lists into ${python} yourself`,
    );
  }
  await installInto(python, file, "--no-deps");
}

function ignore() {}

async function lockDigest(): Promise<string> {
  return await sha256Of(await Deno.readFile(lock));
}

/** The digest of the lock that the environment was made from. */
async function installed(): Promise<string | undefined> {
  return await Deno.readTextFile(stamp).catch(() => undefined);
}

/** Only one process makes the environment; others wait for it. */
async function holdLock(): Promise<AsyncDisposable> {
  const file = await Deno.open(new URL(".venv.lock", here), { write: true, create: true });
  await file.lock(true);
  return {
    [Symbol.asyncDispose]: async () => {
      await file.unlock();
      file.close();
    },
  };
}

/**
 * Makes the environment, or brings one that runs up to the lock, so that a new package does not cost all others
 * again. The stamp comes last, so that an interrupted installation is continued.
 */
async function install(wanted: string): Promise<void> {
  await Deno.remove(stamp).catch(() => {});
  if (await succeeds([pythonOf(folder), "-m", "pip", "--version"])) {
    console.error(`Updating the Python environment ${path(folder)}`);
  } else {
    console.error(`Making the Python environment ${path(folder)} (about 6 GB on Linux), once`);
    const base = await findPython();
    await must(
      await succeeds(["uv", "--version"])
        ? ["uv", "venv", "--clear", "--seed", "--quiet", "--python", base, path(folder)]
        : [base, "-m", "venv", "--clear", path(folder)],
    );
  }
  await installInto(pythonOf(folder), lock);
  await Deno.writeTextFile(stamp, wanted);
}

/** Installs exactly what a lock lists. */
async function installInto(python: string, file: URL, ...more: string[]): Promise<void> {
  const requirements = ["-r", path(file), "--require-hashes", ...more];
  if (await succeeds(["uv", "--version"])) {
    await must(["uv", "pip", "install", "--quiet", "--python", python, ...requirements]);
  } else {
    await must([python, "-m", "pip", "install", "--quiet", ...requirements]);
  }
}

/** The first interpreter on the PATH that is new enough. */
async function findPython(): Promise<string> {
  const least = `import sys; sys.exit(sys.version_info < (${oldest}))`;
  for (const name of ["python3", "python", "python3.13", "python3.12", "python3.11"]) {
    if (await succeeds([name, "-c", least])) return name;
  }
  throw new Error(
    `Cannot make the Python environment: no Python ${oldest.join(".")} or newer is on the PATH; ` +
      `install one, or name one that has the packages of train/pyproject.toml in SRZOO_PYTHON`,
  );
}

async function succeeds([program, ...args]: string[]): Promise<boolean> {
  try {
    const quiet = { args, stdin: "null", stdout: "null", stderr: "null" } as const;
    return (await new Deno.Command(program, quiet).output()).success;
  } catch {
    return false;
  }
}

async function must([program, ...args]: string[]): Promise<void> {
  const { code } = await new Deno.Command(program, { args, stdout: "null" }).spawn().status;
  if (code === 0) return;
  throw new Error(
    `Cannot make the Python environment: "${program} ${args.join(" ")}" ended with ${code}; ` +
      `its message stands above`,
  );
}

function pythonOf(environment: URL): string {
  const windows = Deno.build.os === "windows";
  return path(new URL(windows ? "Scripts/python.exe" : "bin/python", environment));
}

function path(url: URL): string {
  const plain = decodeURIComponent(url.pathname);
  return Deno.build.os === "windows" ? plain.slice(1) : plain;
}

if (import.meta.main) {
  const [module, ...args] = Deno.args;
  try {
    if (module === "--group") await installGroup(args[0]);
    else Deno.exit(await runModule(module, args));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    Deno.exit(1);
  }
}
