/** Tensors that are lent to a graph while it runs, instead of copied. @module */

import type { Held } from "../tensor/held.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A tensor that can be lent. */
export interface Lender {
  /** Whether nobody else holds its values. */
  readonly isOwn: boolean;
  /** Settles when a call gives them back; until then they are not here. */
  loan?: Promise<unknown>;
}

/** Whether the values of an input may be lent. */
export function isLender(input: Tensor | Held): input is Held & Lender {
  return (input as Partial<Lender>).isOwn === true;
}

/** Waits until nothing is lent; another call may then be faster to lend it again. */
export async function returned(lenders: readonly Lender[]): Promise<void> {
  await Promise.all(lenders.map(({ loan }) => loan));
}

/** Lends to a call. */
export function lendTo<Result>(
  lenders: readonly Lender[],
  call: () => Promise<Result>,
): Promise<Result> {
  const result = call();
  const loan: Promise<void> = result.then(back, back);
  function back() {
    for (const lender of lenders) if (lender.loan === loan) lender.loan = undefined;
  }
  for (const lender of lenders) lender.loan = loan;
  return result;
}
