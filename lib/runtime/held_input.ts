/** Tensors that are fed again and again, sent to a device once. @module */

import { GoneError, type Held } from "../tensor/held.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Running } from "./attempts.ts";
import type { Lender } from "./loan.ts";
import type { Remote } from "./host.ts";

/** A tensor in the CPU's memory, with a copy on the device that last took it. */
export class HeldInput implements Held, Lender {
  loan?: Promise<unknown>;
  readonly dims: readonly number[];
  #values: Tensor | undefined;
  #copy: Remote | undefined;

  constructor(values: Tensor) {
    this.dims = values.dims;
    this.#values = values;
  }

  async read(): Promise<Tensor> {
    await this.loan;
    return this.#here();
  }

  /** Where graphs that run there may take it from: here, or the device itself. */
  async on({ host }: Running, signal?: AbortSignal): Promise<Tensor | Remote> {
    const values = this.#here();
    if (!host.device) return values;
    if (this.#copy && host.has(this.#copy)) return this.#copy;
    this.#copy = await host.device.put(values, signal);
    const copy = this.#copy;
    if (!this.#values) this.dispose(); // in the meantime
    return copy;
  }

  /** Who placed it does not look at it while a graph runs. */
  get isOwn(): boolean {
    return true;
  }

  dispose(): void {
    this.#copy?.drop();
    this.#copy = this.#values = undefined;
  }

  #here(): Tensor {
    if (this.#values?.data.length) return this.#values;
    if (this.#values) throw new GoneError("Cannot use a tensor that went with a worker");
    throw new Error("Cannot use a tensor that was disposed");
  }
}
