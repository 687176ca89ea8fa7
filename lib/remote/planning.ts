/** Models without their graphs, which are in a worker: enough to plan. @module */

import { familyOf } from "../models/mod.ts";
import type { Model } from "../models/model.ts";
import type { Session } from "../runtime/session.ts";
import type { ModelCard } from "../zoo/card.ts";

/** The model of a card. Its graphs are elsewhere: what would run one rejects. */
export function planningModel(card: ModelCard): Model {
  const refuse = () => {
    throw new Error(`Cannot run a graph of ${card.id}: it is in a worker`);
  };
  const session: Session = {
    provider: "wasm",
    run: refuse,
    hold: refuse,
    place: refuse,
    sum: refuse,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const sessions = Object.keys(card.graphs).map((name) => [name, session]);
  return familyOf(card.family)(card, Object.fromEntries(sessions));
}
