/** Models without their graphs, which are in a worker: enough to plan. @module */

import { familyOf } from "../models/mod.ts";
import type { Model } from "../models/model.ts";
import type { Session } from "../runtime/session.ts";
import type { ModelCard } from "../zoo/card.ts";

/** The model of a card. Its graphs are elsewhere, and it runs none. */
export function planningModel(card: ModelCard): Model {
  const sessions = Object.keys(card.graphs).map((name) => [name, {} as Session]);
  return familyOf(card.family)(card, Object.fromEntries(sessions));
}
