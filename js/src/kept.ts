/**
 * The LiveState of an element that says what to connect to: it is kept, and its socket with it, for
 * as long as the element says the same, in the page or not. It knows nothing of elements.
 */

import type { Json } from "./json";
import { LiveState } from "./live-state";
import type { LiveStateConfig } from "./membership";
import { isSame } from "./selection";

/** Makes a LiveState when there is another config than before. */
export class Kept<S = Json, E = Json, R = Json> {
  #liveState: LiveState<S, E, R> | undefined;
  #key: object | undefined;

  /**
   * Returns the LiveState for a config: the last one, unless that had another.
   * @throws Error if the config has no url or no topic
   */
  of(config: LiveStateConfig): LiveState<S, E, R> {
    const key = keyOf(config);
    if (this.#liveState && isSame(this.#key, key)) return this.#liveState;
    this.#key = key;
    this.#liveState = new LiveState(config);
    return this.#liveState;
  }
}

/** Returns the LiveState for the config in an element's properties; undefined without url or topic. */
export function keptFor<S, E, R>(
  { url, topic, params, share, socketOptions }: LiveStateConfig,
  kept: Kept<S, E, R>,
): LiveState<S, E, R> | undefined {
  return url && topic ? kept.of({ url, topic, params, share, socketOptions }) : undefined;
}

/** Returns what tells a config from others: params, which may be made anew each time, as JSON. */
function keyOf({ url, topic, socket, session, share, params, socketOptions }: LiveStateConfig) {
  const { params: asked = {}, ...others } = socketOptions ?? {};
  const sent = typeof asked === "function" ? asked : JSON.stringify(asked);
  return {
    url,
    topic,
    socket,
    session,
    share,
    params: JSON.stringify(params ?? {}),
    sent,
    ...others,
  };
}
