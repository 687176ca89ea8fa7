/** The table of all replays. @module */

import { UnsupportedError } from "../../lib/errors.ts";
import type { Case, Replay } from "./case.ts";
import { janspiry } from "./janspiry.ts";
import { novwaul } from "./novwaul.ts";
import { preprocessing } from "./preprocessing.ts";
import { schedules } from "./schedules.ts";
import { srdiff } from "./srdiff.ts";
import { srflow } from "./srflow.ts";

/** Every replay; the first that detects a case takes it. */
const replays: readonly Replay[] = [srdiff, srflow, janspiry, novwaul, schedules, preprocessing];

/**
 * Finds what replays a case.
 *
 * @throws {UnsupportedError} If nothing does.
 */
export function replayOf(recorded: Pick<Case, "config" | "arrays">): Replay {
  const found = replays.find((replay) => replay.detect(recorded));
  if (found) return found;
  throw new UnsupportedError(
    `Cannot replay a case of the system ${JSON.stringify(recorded.config.system ?? "unnamed")}: ` +
      `this version replays ${replays.map((replay) => replay.name).join(", ")}`,
  );
}
