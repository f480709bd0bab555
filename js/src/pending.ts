/**
 * Which events are on their way. It knows nothing of how.
 */

/** The events that were dispatched and are not settled yet, by their names. */
export class Pending {
  #counts = new Map<string, number>();
  #onChange: (event: string, isPending: boolean) => void;

  /** @param onChange called when an event's name becomes pending, or is no longer */
  constructor(onChange: (event: string, isPending: boolean) => void) {
    this.#onChange = onChange;
  }

  /** Is an event of this name pending; without a name: is any? */
  has(event?: string): boolean {
    return event === undefined ? this.#counts.size > 0 : this.#counts.has(event);
  }

  begin(event: string): void {
    const count = this.#counts.get(event) ?? 0;
    this.#counts.set(event, count + 1);
    if (count === 0) this.#onChange(event, true);
  }

  end(event: string): void {
    const count = this.#counts.get(event) ?? 0;
    if (count > 1) this.#counts.set(event, count - 1);
    else if (this.#counts.delete(event)) this.#onChange(event, false);
  }
}
