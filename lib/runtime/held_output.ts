/** What stays on the device that computed it, and is computed again where it is lost. @module */

import { GoneError, type Held } from "../tensor/held.ts";
import { release, type Tensor } from "../tensor/tensor.ts";
import type { Running } from "./attempts.ts";
import type { Remote } from "./host.ts";

/** How an output was made, and is made again. */
export interface Maker {
  /** Computes it again, and leaves it on the device. */
  hold(running: Running, signal?: AbortSignal): Promise<Tensor | Remote>;
  /** Computes it again, wherever that works. */
  run(signal?: AbortSignal): Promise<Tensor>;
}

/** The maker of what cannot be made again. */
export const noMaker: Maker = { hold: refuse, run: refuse };

function refuse(): Promise<never> {
  return Promise.reject(new GoneError("Cannot use a tensor that went with the memory of a GPU"));
}

/** An output where a graph has left it: here, or on the device of a worker. */
export class HeldOutput implements Held {
  readonly dims: readonly number[];
  #place: Tensor | Remote | undefined;
  readonly #maker: Maker;
  /** Whether others hold its values. */
  #isRead = false;

  constructor(place: Tensor | Remote, maker: Maker) {
    this.dims = place.dims;
    this.#place = place;
    this.#maker = maker;
  }

  /** Whether its values are in the memory of the CPU; false if it was disposed. */
  get isHere(): boolean {
    return this.#place !== undefined && isHere(this.#place);
  }

  async read(signal?: AbortSignal): Promise<Tensor> {
    const place = this.#placed();
    this.#isRead = true;
    if (isHere(place)) return place;
    try {
      return await place.read(signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (place.isThere()) throw error;
      return this.#moveTo(await this.#maker.run(signal));
    }
  }

  /** Where graphs that run there may take it from: here, or the device itself. */
  async on(running: Running, signal?: AbortSignal): Promise<Tensor | Remote> {
    const place = this.#placed();
    if (isHere(place) || running.host.has(place)) return place;
    // The provider that is being left still has it.
    if (place.isThere()) return this.#moveTo(await place.read(signal));
    return this.#moveTo(await this.#maker.hold(running, signal));
  }

  dispose(): void {
    if (this.#place && !isHere(this.#place)) this.#place.drop();
    else if (this.#place && !this.#isRead) release(this.#place);
    this.#place = undefined;
  }

  #placed(): Tensor | Remote {
    if (this.#place) return this.#place;
    throw new Error("Cannot use a tensor that was disposed");
  }

  /** Takes another place, unless it was disposed in the meantime. */
  #moveTo<Place extends Tensor | Remote>(place: Place): Place {
    const isDisposed = this.#place === undefined;
    this.dispose();
    this.#place = place;
    if (isDisposed) this.dispose();
    return place;
  }
}

function isHere(place: Tensor | Remote): place is Tensor {
  return "data" in place;
}
