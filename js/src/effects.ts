/**
 * The effects that are expected of events which are not answered yet, on top of the server's state.
 * It knows nothing of events.
 */

import { change, type Effect } from "./change";

/** A state as the server has it, and as it is shown: with the effects applied in their order. */
export class Effects<S> {
  #effects = new Set<Effect<S>>();
  #base: S | undefined;
  #shown: S | undefined;

  /**
   * Shows an effect until it is removed.
   * @param state the server's; undefined for none
   * @throws what the effect throws; then it is not shown
   */
  add(state: S | undefined, effect: Effect<S>): void {
    const shown = this.show(state);
    if (shown !== undefined) this.#shown = change(shown, effect);
    this.#effects.add(effect);
  }

  remove(effect: Effect<S>): void {
    if (!this.#effects.delete(effect)) return;
    this.#apply();
  }

  /** Returns what is shown for a state of the server; undefined for none. */
  show(state: S | undefined): S | undefined {
    if (state !== this.#base) {
      this.#base = state;
      this.#apply();
    }
    return this.#shown;
  }

  #apply(): void {
    this.#shown = this.#base;
    for (const effect of this.#effects) {
      if (this.#shown === undefined) return;
      try {
        this.#shown = change(this.#shown, effect);
      } catch (error) {
        // What it was about is gone. Its event is on the way all the same.
        console.warn(
          "livestate-nb: takes back what an event was expected to do, because of",
          error,
        );
        this.#effects.delete(effect);
      }
    }
  }
}
