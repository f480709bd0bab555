/**
 * The client's copy of a session's document and the version it has.
 * It knows nothing of channels: its owner brings the payloads and asks for refreshes.
 */

import { isObject, type Json } from "./json";
import { applyPatch } from "./patch";
import { DEFAULT_MAX_VERSION } from "./wire";

/** The state of a topic, led from version to version by patches. */
export class Document<S> {
  state: S | undefined;
  version: number | undefined;
  /** After this version comes 0. */
  maxVersion = DEFAULT_MAX_VERSION;
  #isSynced = false;

  /** Is `state` what the server's next patch builds on? */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** The next patch does not fit: the state is kept, but only a whole one can follow. */
  loseSync(): void {
    this.#isSynced = false;
  }

  /** Takes the payload of a `state:change`. */
  replace(payload: Json): void {
    if (!isObject(payload)) return;
    this.state = payload.state;
    this.version = typeof payload.version === "number" ? payload.version : undefined;
    this.#isSynced = true;
  }

  /**
   * Takes the payload of a `state:patch`.
   * @returns whether it was applied; if not, sync is lost
   */
  patch(payload: Json): boolean {
    if (!this.#isSynced || payload?.version !== this.#next()) {
      this.#isSynced = false;
      return false;
    }
    try {
      this.state = applyPatch(this.state, payload.patch);
    } catch (error) {
      console.warn("livestate-nb: asks for the whole state, because of", error);
      this.#isSynced = false;
      return false;
    }
    this.version = payload.version;
    return true;
  }

  #next(): number | undefined {
    if (this.version === undefined) return undefined;
    return this.version === this.maxVersion ? 0 : this.version + 1;
  }
}
