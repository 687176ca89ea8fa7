/** The cost of one pass of a flow compared with one step of the zoo's diffusion, and the LPIPS of both. @module */

import process from "node:process";
import { resizeImage } from "../../mod.ts";
import type { Image } from "../../lib/image/image.ts";
import { enlarge } from "../../lib/enlarge.ts";
import { familyOf } from "../../lib/models/mod.ts";
import { planUpscale, type UpscaleOptions } from "../../lib/plan.ts";
import { openSessions } from "../../lib/runtime/providers.ts";
import type { Session } from "../../lib/runtime/session.ts";
import { drain } from "../../lib/upscaler.ts";
import type { ModelCard } from "../../lib/zoo/card.ts";
import { resolveCard } from "../../lib/zoo/resolve.ts";
import { fetchGraph } from "../../lib/zoo/store.ts";
import { digestOf } from "../methods/entry.ts";
import type { Figures } from "../figures.ts";
import type { Row } from "../record.ts";
import { sizeOf } from "../speed/sizes.ts";
import { median } from "../statistics.ts";
import type { Finding, Part } from "./part.ts";
import type { Measured, Study } from "./study.ts";

const OTHER = "srdiff";
const SIZES = ["128", "320x240"];
/** Both entries run once in each turn, so that other load slows them alike. */
const TURNS = 9;
/** The longest that a pass may take, in steps. */
const LIMIT = 1.5;

/** Times in graphs, of the whole call and of all cores, and LPIPS, beside those of the other entry. */
export const speedPart: Part = { name: "speed", run };

async function run(study: Study): Promise<Finding | undefined> {
  const { upscaler: { card, provider } } = study;
  const other = await resolveCard(OTHER);
  if (!card.flow || card.scale !== other.scale) return undefined;
  const weights = (await digestOf({ card: other, provider })).slice(0, 12);
  const found: Row[] = [];
  for (const size of SIZES) {
    const probe = `turns=${TURNS} beside ${OTHER} ${weights}`;
    const row = await study.keep(probe, size, () => measure(study, other, size));
    if (row) found.push(row);
  }
  return found.length === SIZES.length ? findingOf(found, card, other) : undefined;
}

async function measure({ upscaler, pairs, signal }: Study, other: ModelCard, size: string) {
  const source = resizeImage(pairs[0].truth, sizeOf(size, other.scale));
  await using flow = await openTimed(upscaler.card, {}, signal);
  await using diffusion = await openTimed(other, { steps: 1 }, signal);
  const samples = [];
  for (let turn = -1; turn < TURNS; turn++) {
    const [mine, theirs] = [await flow.time(source), await diffusion.time(source)];
    const named = Object.entries(theirs).map(([key, value]) => [`${OTHER} ${key}`, value]);
    if (turn >= 0) samples.push({ seed: turn, figures: { ...mine, ...Object.fromEntries(named) } });
  }
  return { samples, together: {} } satisfies Measured;
}

/** What the table says of an entry. */
type Entry = Pick<ModelCard, "id" | "scale" | "figures">;

/** An entry that times itself. */
interface Timed extends AsyncDisposable {
  /** Milliseconds inside its graphs, of the whole call, and of all cores. */
  time(source: Image): Promise<Figures>;
}

async function openTimed(
  card: ModelCard,
  options: UpscaleOptions,
  signal: AbortSignal,
): Promise<Timed> {
  let graphs = 0;
  const sources = await Promise.all(
    Object.keys(card.graphs).map(async (name) => ({ name, bytes: await fetchGraph(card, name) })),
  );
  const opened = await openSessions(sources, { provider: "native" });
  const sessions = Object.fromEntries(
    Object.entries(opened.sessions).map(([name, session]) => [
      name,
      timed(session, (milliseconds) => graphs += milliseconds),
    ]),
  );
  const engine = { card, model: familyOf(card.family)(card, sessions) };
  return {
    async time(source) {
      graphs = 0;
      const start = performance.now(), used = process.cpuUsage();
      await drain(
        enlarge(
          engine,
          source,
          planUpscale(card, engine.model, source, { ...options, seed: 0, signal }),
        ),
      );
      const { user, system } = process.cpuUsage(used);
      return { graphs, whole: performance.now() - start, processor: (user + system) / 1000 };
    },
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  };
}

/** A session that reports how long each of its calls takes. */
function timed(session: Session, add: (milliseconds: number) => void): Session {
  async function clocked<T>(call: Promise<T>): Promise<T> {
    const start = performance.now();
    const outputs = await call;
    add(performance.now() - start);
    return outputs;
  }
  return {
    provider: session.provider,
    run: (inputs, options) => clocked(session.run(inputs, options)),
    hold: (inputs, options) => clocked(session.hold(inputs, options)),
    place: (values) => session.place(values),
    sum: (terms, options) => session.sum(terms, options),
    cut: (...given) => session.cut(...given),
    add: (...given) => session.add(...given),
    [Symbol.asyncDispose]: () => session[Symbol.asyncDispose](),
  };
}

/** Medians of each size's turns, and of the ratios within a turn. */
export function findingOf(found: readonly Row[], card: Entry, other: Entry): Finding {
  const middle = ({ samples }: Row, value: (figures: Figures) => number) =>
    median(samples.map(({ figures }) => value(figures)));
  const times = ["graphs", "whole", "processor"];
  const ratios = found.map((row) =>
    times.map((key) => middle(row, (figures) => figures[key] / figures[`${OTHER} ${key}`]))
  );
  const set = `BSD100x${card.scale}`;
  const lpips = [card, other].map(({ figures }) => figures?.[set]?.lpips?.toFixed(4) ?? "");
  const rows = found.flatMap((row, i) => {
    const line = (name: string, prefix: string, score: string) => [
      row.image,
      name,
      ...times.map((key) => middle(row, (figures) => figures[prefix + key]).toFixed(0)),
      score,
    ];
    return [
      line(card.id, "", lpips[0]),
      line(`${OTHER}, one step`, `${OTHER} `, lpips[1]),
      [row.image, "ratio", ...ratios[i].map((ratio) => `**${ratio.toFixed(2)}**`), ""],
    ];
  });
  const most = Math.max(...ratios.map(([, whole]) => whole));
  return {
    title: `Speed beside ${OTHER}`,
    how:
      `Medians of ${TURNS} turns in which both enlarge the same input, one after the other, on the CPU: milliseconds ` +
      "inside the graphs, of the whole call, and of all cores together. The ratios are medians of each turn's. LPIPS " +
      `is that of the cards on ${set}.`,
    head: ["input", "entry", "graphs ms", "whole ms", "processor ms", "LPIPS"],
    rows,
    promises: [{
      text: `a pass takes at most ${LIMIT} times as long as a step: ${most.toFixed(2)}`,
      kept: most <= LIMIT,
    }],
  };
}
