/**
 * Stands for a widget's model in a page that has none. It knows nothing of kernels: it is told what
 * has changed.
 */

import type { Traits, WidgetModel } from "../display";
import type { Json } from "../json";

type Listener = (...values: Json[]) => void;

/** The model of one view, with the traits that it shares with others. */
export class EarlyModel implements WidgetModel {
  #traits: Traits;
  #listeners = new Map<string, Set<Listener>>();

  constructor(traits: Traits) {
    this.#traits = traits;
  }

  get<K extends keyof Traits>(name: K): Traits[K] {
    return this.#traits[name];
  }

  /** Sends nothing: whoever waits for an answer waits as for that of a busy kernel. */
  send(): void {}

  on(event: string, listener: Listener): void {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
  }

  off(event: string, listener: Listener): void {
    this.#listeners.get(event)?.delete(listener);
  }

  /** Tells that traits have changed. */
  changed(names: string[]): void {
    for (const name of names) this.#emit(`change:${name}`);
  }

  /** Tells that the kernel has no such widget any more. */
  close(): void {
    this.#emit("comm:close");
  }

  #emit(event: string): void {
    for (const listener of [...(this.#listeners.get(event) ?? [])]) listener();
  }
}
