/** The verb `check`: tries an entry on every available provider and measures it. @module */

import type { FetchOptions, ModelCard } from "../../mod.ts";
import type { Verb } from "./desk.ts";
import { type CardFigures, enlarges, writeFigures } from "./figures.ts";
import { findLpips } from "./lpips.ts";
import { measure, type Measured, quickSet } from "./measure.ts";
import { weightsOf } from "./table.ts";
import { tryProviders, type Verdict } from "./trials.ts";

/** The flags. */
interface Flags {
  set?: string;
  lpips?: string;
  measure: boolean;
  write: boolean;
}

/** The figures of one set. */
interface Worth extends Measured {
  /** Set and scale, such as `docsx4`. */
  key: string;
  /** Which figures are missing, and why. */
  notes: string[];
}

/** Checks an entry and measures it. */
export const check: Verb = (program, desk) => {
  program.command("check").argument("<model>", "folder, id, URL or hf:owner/repo")
    .description(
      "check an entry on every available provider, measure it, and write the figures into its card",
    )
    .option("--set <folder>", "high-resolution images to measure on, in place of those in docs/")
    .option("--lpips <path>", "file or folder with the LPIPS graph")
    .option("--no-measure", "run the graphs and measure nothing")
    .option("--no-write", "leave model.yml as it is")
    .action(async (model, flags: Flags) => {
      const { find, tell, options } = desk();
      // Before the work, so that a wrong folder is reported at once.
      const set = flags.measure ? await quickSet(flags.set) : undefined;
      const card = await find(asPath(model));
      const verdicts = await tryProviders(card, options);
      const lines = [
        headOf(card, verdicts),
        ...verdicts.map((verdict) => lineOf(verdict, verdicts)),
      ];
      const worth = set && enlarges(card)
        ? await worthOf(card, set, flags.lpips, options)
        : undefined;
      const written = worth && flags.write ? await write(card, worth) : undefined;
      if (worth) lines.push(...tellWorth(worth));
      if (set && !worth) lines.push("Nothing was measured: this entry does not enlarge images.");
      if (worth) lines.push(written ? `Written into ${written}.` : "The card was not changed.");
      const figures = worth && { [worth.key]: worth.figures };
      const bicubic = worth?.bicubic;
      tell(
        { id: card.id, verdicts, figures, bicubic, written, notes: worth?.notes },
        lines.join("\n"),
      );
    });
};

async function worthOf(
  card: ModelCard,
  set: Awaited<ReturnType<typeof quickSet>>,
  given: string | undefined,
  options: FetchOptions,
): Promise<Worth> {
  const { lpips, notes } = await findLpips("lpips", given);
  try {
    const measured = await measure(card, set, { ...options, lpips });
    return { ...measured, key: `${set.name}x${card.scale}`, notes };
  } finally {
    await lpips?.[Symbol.asyncDispose]();
  }
}

/** Adds the figures to the card of a local folder and returns its path; undefined if the entry is not local. */
async function write(card: ModelCard, { key, figures }: Worth): Promise<string | undefined> {
  if (!card.base?.startsWith("file:")) return undefined;
  const path = decodeURIComponent(new URL("model.yml", card.base).pathname);
  const all: CardFigures = { ...card.figures, [key]: figures };
  await writeFigures(path, all).catch((cause) => {
    throw new Error(
      `Cannot write the figures into ${path}: ${cause.message}. Make it writable, or leave it as it is ` +
        "with --no-write",
      { cause },
    );
  });
  return path;
}

function headOf(card: ModelCard, verdicts: readonly Verdict[]): string {
  const recorded = card.fixture ? "computes as recorded" : "has no recorded run to compare with";
  const { provider } = verdicts.find(({ works }) => works)!;
  return `${card.id} is valid: ${weightsOf(card)}, ${recorded}, on ${provider}`;
}

function lineOf(
  { provider, result, difference, graphs }: Verdict,
  all: readonly Verdict[],
): string {
  const first = all.find(({ works }) => works)!.provider;
  const images = difference ? `, within ${difference.most} of 255 of ${first}` : "";
  const parts = Object.entries(graphs ?? {}).map(([name, part]) =>
    `${name} ${part === 0 ? "0" : part.toExponential(0)}`
  );
  const outputs = parts.length > 0 ? `; graphs differ by ${parts.join(", ")} of their range` : "";
  return `  ${provider}: ${result}${images}${outputs}`;
}

function tellWorth({ key, figures, bicubic, notes }: Worth): string[] {
  const { images, seeds, ...values } = figures;
  const count = `${images} images, ${seeds} ${seeds === 1 ? "seed" : "seeds"}`;
  const shown = Object.entries(values).map(([name, value]) =>
    bicubic[name] === undefined ? `${name} ${value}` : `${name} ${value} (bicubic ${bicubic[name]})`
  );
  const worse = figures.psnrY < bicubic.psnrY && !(figures.lpips < bicubic.lpips);
  return [
    `${key}, ${count}: ${shown.join(", ")}`,
    ...worse
      ? [
        "It is no better than bicubic: check its recipe, and that its graphs take RGB in [-1, 1].",
      ]
      : [],
    ...notes,
  ];
}

/** The path of a folder that is given without `./`; other names stay as they are. */
function asPath(model: string): string {
  try {
    return Deno.statSync(model).isDirectory
      ? `./${model}`.replace(/^\.\/(?=\/|[a-z]:)/i, "")
      : model;
  } catch {
    return model;
  }
}
