/**
 * The sockets of a page, by where they lead: who joins topics there shares them. It knows nothing
 * of what is said on a topic.
 *
 * None is given up, as phoenix.js has each listen to the page for good: it is disconnected while
 * nobody has joined anything on it, and used again.
 */

import { Socket } from "phoenix";

/** Topics on one socket: servers let 100 be joined, as Phoenix does. */
const MOST_TOPICS = 50;

/** A socket, and the topics that are taken on it: each can be joined once. */
export class SharedSocket {
  readonly socket: Socket;
  #topics = new Set<string>();

  constructor(url: string) {
    this.socket = new Socket(url);
  }

  isFree(topic: string): boolean {
    return this.#topics.size < MOST_TOPICS && !this.#topics.has(topic);
  }

  take(topic: string): void {
    this.#topics.add(topic);
  }

  release(topic: string): void {
    this.#topics.delete(topic);
    // Who leaves a topic for another takes that at once.
    queueMicrotask(() => {
      if (this.#topics.size === 0) this.socket.disconnect();
    });
  }
}

const sockets = new Map<string, SharedSocket[]>();

/** Returns a socket to `url` on which a topic is free; those for other shares are others. */
export function socketFor(topic: string, url: string, share = ""): SharedSocket {
  const key = JSON.stringify([url, share]);
  const known = sockets.get(key) ?? [];
  sockets.set(key, known);
  const free = known.find((one) => one.isFree(topic));
  if (free) return free;
  const made = new SharedSocket(url);
  known.push(made);
  return made;
}
