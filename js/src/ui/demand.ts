/**
 * Code that an element loads when it is first shown. It knows nothing of what is loaded.
 */

import type { ReactiveControllerHost } from "lit";
import { problem } from "../problem";

/** A module that is loaded once it is asked for; its host is rendered when it is there. */
export class OnDemand<T> {
  #host: ReactiveControllerHost;
  #load: () => Promise<T>;
  #loading = false;
  #module: T | undefined;
  #failure: unknown;

  constructor(host: ReactiveControllerHost, load: () => Promise<T>) {
    this.#host = host;
    this.#load = load;
  }

  /** The module; undefined while it is on its way. Asking for it loads it. */
  get module(): T | undefined {
    if (!this.#loading) this.#begin();
    return this.#module;
  }

  /** Returns what to show in place of what can't be, or undefined if nothing went wrong. */
  problem(what: string): unknown {
    if (this.#failure === undefined) return undefined;
    return problem(`${what} can't be shown: reload the page.`, `${this.#failure}`);
  }

  async #begin(): Promise<void> {
    this.#loading = true;
    try {
      this.#module = await this.#load();
    } catch (error) {
      this.#failure = error;
    }
    this.#host.requestUpdate();
  }
}
