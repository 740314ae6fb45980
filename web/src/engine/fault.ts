import type { Fault } from "./protocol";

/** Something that the worker tells the page about, to be said in words there. */
export class FaultError extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, detail: string) {
    super(detail);
    this.fault = fault;
  }
}
