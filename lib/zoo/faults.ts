/** Rules of a model card that its schema cannot express. @module */

import { addressFault } from "./address.ts";
import type { ModelCard } from "./card.ts";
import { fileNameFault, isFileName, isTaken } from "./names.ts";

/** Most graphs of one entry. */
const MOST_GRAPHS = 32;

/** One fault of a card. */
export interface Fault {
  /** Path of its key, such as `steps.trained.0.graph`. */
  readonly path: string;
  /** The message, without the path. */
  readonly message: string;
}

/** Finds the places where parts of a card contradict each other. */
export function findFaults(card: ModelCard): Fault[] {
  return [
    ...graphFaults(card),
    ...collisions(card),
    ...tilingFaults(card),
    ...stepFaults(card),
    ...latentFaults(card),
    ...unknownGraphs(card),
  ];
}

/** The files that a card names, and where it does. */
function filesOf({ graphs, int8, fixture, licence }: ModelCard): [path: string, file: string][] {
  const named = (path: string, found: Readonly<Record<string, { file: string }>> = {}) =>
    Object.entries(found).map(([name, { file }]) =>
      [`${path}.${name}.file`, file] as [string, string]
    );
  const files = [...named("graphs", graphs), ...named("int8.graphs", int8?.graphs)];
  if (fixture) files.push(["fixture.file", fixture.file]);
  if (int8?.fixture) files.push(["int8.fixture.file", int8.fixture.file]);
  if (licence.attribution) files.push(["licence.attribution", licence.attribution]);
  return files;
}

/** Files that would replace each other, or the card, when an entry is copied. */
function* collisions(card: ModelCard): Generator<Fault> {
  const seen = new Map<string, string>();
  for (const [path, file] of filesOf(card)) {
    const folded = file.toLowerCase();
    const other = seen.get(folded) ?? file;
    if (isTaken(file)) {
      yield { path, message: `"${file}" is the name of another file of every entry` };
    } else if (other !== file) {
      yield { path, message: `"${file}" and "${other}" are one file on many disks` };
    }
    seen.set(folded, other);
  }
}

function* graphFaults(card: ModelCard): Generator<Fault> {
  const { graphs, int8 } = card;
  const count = Object.keys(graphs).length;
  if (count > MOST_GRAPHS) {
    yield { path: "graphs", message: `are ${count}, more than ${MOST_GRAPHS}` };
  }
  const all = [
    ...Object.entries(graphs).map(([name, graph]) => ({ path: `graphs.${name}`, ...graph })),
    ...Object.entries(int8?.graphs ?? {})
      .map(([name, graph]) => ({ path: `int8.graphs.${name}`, ...graph })),
  ];
  for (const [path, file] of filesOf(card)) {
    if (!isFileName(file)) yield { path, message: `cannot be ${fileNameFault(file)}` };
  }
  for (const { path, url, mirrors = [] } of all) {
    for (const [key, place] of [["url", url], ...mirrors.map((mirror) => ["mirrors", mirror])]) {
      const fault = place && addressFault(new URL(place));
      if (fault) yield { path: `${path}.${key}`, message: `cannot be fetched: ${fault}` };
    }
  }
}

function* tilingFaults({ tiling }: ModelCard): Generator<Fault> {
  if (!tiling) return;
  const { size, overlap, multiple } = tiling;
  for (const [key, value] of Object.entries({ size, overlap })) {
    if (value % multiple !== 0) {
      yield { path: `tiling.${key}`, message: `${value} is not a multiple of ${multiple}` };
    }
  }
  if (2 * overlap >= size) {
    yield { path: "tiling.overlap", message: `${overlap} on both sides leaves nothing of ${size}` };
  }
}

function* stepFaults({ diffusion, steps, graphs }: ModelCard): Generator<Fault> {
  if (Boolean(diffusion) !== Boolean(steps)) {
    const [missing, there] = diffusion ? ["steps", "diffusion"] : ["diffusion", "steps"];
    yield { path: missing, message: `is missing, but ${there} is given` };
  }
  if (!diffusion || !steps) return;
  const { timesteps } = diffusion.samplingSchedule ?? diffusion.schedule;
  if (steps.max > timesteps) {
    yield { path: "steps.max", message: `${steps.max} is more than the schedule's ${timesteps}` };
  }
  if (steps.default > steps.max) {
    yield { path: "steps.default", message: `${steps.default} is more than max, ${steps.max}` };
  }
  for (const [i, trained] of steps.trained.entries()) {
    const path = `steps.trained.${i}`;
    if (!Object.hasOwn(graphs, trained.graph)) {
      yield { path: `${path}.graph`, message: `"${trained.graph}" is not one of the graphs` };
    }
    const fault = timestepFault(trained, timesteps);
    if (fault) yield { path: `${path}.timesteps`, message: fault };
    if (steps.trained.findIndex((other) => other.steps === trained.steps) < i) {
      yield { path: `${path}.steps`, message: `${trained.steps} is given twice` };
    }
  }
}

/** Tiles and regions start at multiples, which must be whole pixels of every latent's grid. */
function* latentFaults({ flow, tiling }: ModelCard): Generator<Fault> {
  if (!flow) return;
  const multiple = tiling?.multiple ?? 1;
  for (const [i, { ratio }] of flow.latents.entries()) {
    if (Number.isInteger(ratio * multiple)) continue;
    yield {
      path: `flow.latents.${i}.ratio`,
      message: `${ratio} times tiling.multiple, ${multiple}, is not a whole number of pixels`,
    };
  }
}

function timestepFault(
  { steps, timesteps }: { steps: number; timesteps: readonly number[] },
  limit: number,
): string | undefined {
  if (timesteps.length !== steps) return `has ${timesteps.length} of ${steps} timesteps`;
  if (timesteps.some((t) => t >= limit)) return `has a timestep over ${limit - 1}, the schedule's`;
  if (timesteps.some((t, i) => i > 0 && t >= timesteps[i - 1])) return "must descend";
  return undefined;
}

function* unknownGraphs({ training = {}, int8, graphs }: ModelCard): Generator<Fault> {
  for (const name of Object.keys(int8?.graphs ?? {})) {
    if (!Object.hasOwn(graphs, name)) {
      yield { path: `int8.graphs.${name}`, message: `"${name}" is not one of the graphs` };
    }
  }
  for (const name of Object.keys(training)) {
    if (!Object.hasOwn(graphs, name)) {
      yield { path: `training.${name}`, message: `"${name}" is not one of the graphs` };
    }
  }
}
