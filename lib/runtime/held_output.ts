/** Outputs that stay on the device that computed them, and are computed again if they are lost. @module */

import { GoneError, type Held } from "../tensor/held.ts";
import { release, type Tensor } from "../tensor/tensor.ts";
import type { Running } from "./attempts.ts";
import type { Lender } from "./loan.ts";
import type { Remote } from "./host.ts";

/** How an output was made, and is made again. */
export interface Maker {
  /** Computes it again, and leaves it on the device. */
  hold(running: Running, signal?: AbortSignal): Promise<Tensor | Remote>;
  /** Computes it again, wherever that works. */
  run(signal?: AbortSignal): Promise<Tensor>;
}

/** The maker of an output that cannot be made again. */
export const noMaker: Maker = { hold: refuse, run: refuse };

function refuse(): Promise<never> {
  return Promise.reject(new GoneError("Cannot use a tensor that went with the memory of a GPU"));
}

/** An output where a graph has left it: here, or on the device of a worker. */
export class HeldOutput implements Held, Lender {
  loan?: Promise<unknown>;
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

  get isOwn(): boolean {
    return !this.#isRead;
  }

  async read(signal?: AbortSignal): Promise<Tensor> {
    await this.loan;
    const place = this.#placed();
    this.#isRead = true;
    if (!isHere(place)) {
      try {
        return await place.read(signal);
      } catch (error) {
        signal?.throwIfAborted();
        if (place.isThere()) throw error;
      }
    } else if (place.data.length) return place;
    const made = await this.#maker.run(signal);
    // If a call has made it in the meantime, that one stays, since the call uses it.
    return this.#place === place ? this.#moveTo(made) : made;
  }

  /** Where graphs that run there may take it from: here, or the device itself. */
  async on(running: Running, signal?: AbortSignal): Promise<Tensor | Remote> {
    const place = this.#placed();
    if (isAt(running, place)) return place;
    // The provider that is being left still has it.
    const isLeft = !isHere(place) && place.isThere();
    const made = await (isLeft ? place.read(signal) : this.#maker.hold(running, signal));
    const now = this.#place;
    if (!now || now === place || !isAt(running, now)) return this.#moveTo(made);
    free(made); // another call has made it meanwhile, and uses that
    return now;
  }

  dispose(): void {
    if (this.#place && !(isHere(this.#place) && this.#isRead)) free(this.#place);
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

/** Whether graphs that run there find it at this place. */
function isAt({ host }: Running, place: Tensor | Remote): boolean {
  return isHere(place) ? place.data.length > 0 : host.has(place);
}

function free(place: Tensor | Remote): void {
  if (isHere(place)) release(place);
  else place.drop();
}

function isHere(place: Tensor | Remote): place is Tensor {
  return "data" in place;
}
