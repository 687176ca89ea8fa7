/** All studies that measure goals. @module */

import { eager } from "./eager.ts";
import { estimates } from "./estimates.ts";
import { folder } from "./folder.ts";
import type { Study } from "./goal.ts";
import { linear } from "./linear.ts";
import { memory } from "./memory.ts";
import { overhead } from "./overhead.ts";
import { peer } from "./peer.ts";
import { start } from "./start.ts";
import { threads } from "./threads.ts";

/** The studies, in the order in which they run. */
export const studies: readonly Study[] = [
  overhead,
  peer,
  threads,
  eager,
  linear,
  start,
  folder,
  estimates,
  memory,
];
