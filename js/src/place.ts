/**
 * A client's place in a session, which it finds again after its connection was lost.
 * It lives in the page's memory only; it knows nothing of states or events.
 */

import { isObject, type Json, type JsonObject } from "./json";
import { PHOENIX_EVENT } from "./wire";

/** What a server of ours gave a client to come back with. */
export class Place {
  #token = "";
  #graceMs = 0;
  /** Messages of the channel that came since the place was given, replies left out. */
  #received = 0;

  /** Milliseconds that the server keeps the place of a lost client; 0 where there is none. */
  get graceMs(): number {
    return this.#graceMs;
  }

  /** What the next join says, to be under `resume`; undefined for a fresh one. */
  get claim(): JsonObject | undefined {
    return this.#token ? { token: this.#token, received: this.#received } : undefined;
  }

  /** Counts a message of the channel that has come. */
  count(event: string): void {
    if (!PHOENIX_EVENT.test(event)) this.#received += 1;
  }

  /**
   * Takes what the reply to a join says.
   * @returns whether this is the place that the client had
   */
  take(terms: Json): boolean {
    if (!isObject(terms) || typeof terms.token !== "string") {
      this.drop();
      return false;
    }
    this.#token = terms.token;
    this.#graceMs = terms.grace * 1000;
    this.#received = terms.received;
    return terms.resumed === true;
  }

  /** Gives the place up: the next join is a fresh one. */
  drop(): void {
    this.#token = "";
    this.#graceMs = 0;
  }
}
