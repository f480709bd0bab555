/**
 * The sockets of a page, by what they lead to: who joins topics there shares them. It knows nothing
 * of what is said on a topic.
 *
 * None is given up, as phoenix.js has each listen to the page for good: it is disconnected while
 * nothing is joined on it, and used again.
 */

import { Socket, type SocketConnectOption } from "phoenix";
import type { LiveStateConfig } from "./membership";

/** Topics on one socket: servers let 100 be joined, as Phoenix does. */
const MOST_TOPICS = 50;

/** A socket, and the topics that are taken on it: each can be joined once. */
export class SharedSocket {
  readonly socket: Socket;
  readonly #config: LiveStateConfig;
  #topics = new Set<string>();

  constructor(config: LiveStateConfig) {
    const { socketOptions, url } = config;
    this.#config = config;
    this.socket = new Socket(url as string, socketOptions as Partial<SocketConnectOption>);
  }

  /** Leads it where a config says, and is the config's topic not taken? */
  suits({ share, socketOptions, topic, url }: LiveStateConfig): boolean {
    const own = this.#config;
    const isSame = own.url === url && own.share === share && own.socketOptions === socketOptions;
    return isSame && this.#topics.size < MOST_TOPICS && !this.#topics.has(topic as string);
  }

  take(topic: string): void {
    this.#topics.add(topic);
  }

  release(topic: string): void {
    this.#topics.delete(topic);
    if (!this.#topics.size) this.socket.disconnect();
  }
}

const sockets: SharedSocket[] = [];

/** Returns a socket for the `url`, `share` and `socketOptions` of a config, where its topic is free. */
export function socketFor(config: LiveStateConfig): SharedSocket {
  const found = sockets.find((one) => one.suits(config));
  if (found) return found;
  const made = new SharedSocket(config);
  sockets.push(made);
  return made;
}
