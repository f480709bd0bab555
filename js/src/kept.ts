/**
 * The LiveState of an element that says what to connect to: it is kept, and its socket with it, for
 * as long as the element says the same, in the page or not. It knows nothing of elements.
 */

import type { Json } from "./json";
import { LiveState } from "./live-state";
import type { LiveStateConfig, SocketOptions } from "./membership";

/** Makes a LiveState when there is another config than before. */
export class Kept<S = Json, E = Json, R = Json> {
  #liveState: LiveState<S, E, R> | undefined;
  /** The params that it was made with, as JSON: they may be made anew each time. */
  #params = "";

  /**
   * Returns the LiveState for a config: the last one, unless that had another.
   * @throws Error if the config has no url or no topic
   */
  of(config: LiveStateConfig): LiveState<S, E, R> {
    const params = JSON.stringify([config.params ?? {}, config.socketOptions?.params ?? {}]);
    const last = this.#liveState;
    if (last && params === this.#params && isSame(last.config, config)) return last;
    this.#params = params;
    this.#liveState = new LiveState(config);
    return this.#liveState;
  }

  /** Returns the LiveState for what an element has of a config; undefined without url or topic. */
  named(element: LiveStateConfig): LiveState<S, E, R> | undefined {
    const { url, topic, params, share, socketOptions } = element;
    return url && topic ? this.of({ url, topic, params, share, socketOptions }) : undefined;
  }
}

/** Tells whether two configs lead to the same, params left out. */
function isSame(one: LiveStateConfig, other: LiveStateConfig): boolean {
  const names = ["url", "topic", "socket", "session", "share"] as const;
  const isSameSocket = isSameOptions(one.socketOptions ?? {}, other.socketOptions ?? {});
  return isSameSocket && names.every((name) => one[name] === other[name]);
}

/** Tells whether two objects of options say the same, params left out unless a function gives them. */
function isSameOptions(one: SocketOptions, other: SocketOptions): boolean {
  const names = Object.keys({ ...one, ...other }) as (keyof SocketOptions)[];
  const isText = (name: string) =>
    name === "params" && typeof one.params !== "function" && typeof other.params !== "function";
  return names.every((name) => one[name] === other[name] || isText(name));
}
