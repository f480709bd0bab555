/**
 * A client's place in a session, which it finds again after its connection was lost.
 * It lives in the page's memory only; it knows nothing of states or events.
 */

import { isObject, type Json, type JsonObject } from "./json";

/** What a server of ours gave a client to come back with. */
export class Place {
  #token = "";
  #graceMs = 0;
  /** Messages of the channel that came since the place was given, replies left out. */
  #received = 0;
  /** How many had come with the last one that said its number: those after it may have come twice. */
  #certain = 0;
  #isBroken = false;
  #last = "0";

  /** Milliseconds that the server keeps the place of a lost client; 0 where there is none. */
  get graceMs(): number {
    return this.#graceMs;
  }

  /** What the next join says, to be under `resume`; undefined for a fresh one. */
  get claim(): JsonObject | undefined {
    return this.#token ? { token: this.#token, received: this.#received } : undefined;
  }

  /** Messages that have come. */
  get received(): number {
    return this.#received;
  }

  /** Is what comes useless until the next join, which brings what is lost? */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /**
   * Counts a message of the channel that has come, replies left out.
   * @param number what it says to be; undefined for bytes, and from servers that keep no place
   * @returns whether it is the next one; if not it has come before, or one is lost: see `isBroken`
   */
  count(number: number | undefined): boolean {
    if (this.#isBroken) return false;
    if (number === undefined || !this.#token) {
      this.#received += 1;
      return true;
    }
    if (number === this.#received + 1) {
      this.#received = this.#certain = number;
      return true;
    }
    if (number > this.#certain) this.break();
    return false;
  }

  /** Takes nothing more until the next join, which brings what came after the last certain message. */
  break(): void {
    this.#isBroken = true;
    this.#received = this.#certain;
  }

  /** The ref of the last event that was sent since the join: the next one names it. */
  get last(): string {
    return this.#last;
  }

  /** Notes that an event was sent. */
  sent(ref: string): void {
    this.#last = ref;
  }

  /**
   * Takes what the reply to a join says.
   * @returns whether this is the place that the client had
   */
  take(terms: Json): boolean {
    this.#isBroken = false;
    this.#last = "0";
    if (!isObject(terms) || typeof terms.token !== "string") {
      this.drop();
      return false;
    }
    this.#token = terms.token;
    this.#graceMs = terms.grace * 1000;
    this.#received = this.#certain = terms.received;
    return terms.resumed === true;
  }

  /** Gives the place up: the next join is a fresh one. */
  drop(): void {
    this.#token = "";
    this.#graceMs = 0;
  }
}
