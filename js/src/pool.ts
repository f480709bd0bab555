/**
 * The connections of one page to one endpoint: views that show the same share one LiveState.
 * It knows nothing of how frames travel: that is decided by whoever makes the sockets.
 */

import type { Socket } from "phoenix";
import { LiveState } from "./live-state";

/** A view's share of a LiveState. */
export interface Lease {
  readonly liveState: LiveState;
  /** Gives the share back; the topic is left some time after the last one did. */
  release(): void;
}

interface Entry {
  liveState: LiveState;
  leases: number;
  /** The pending leave, after the last lease was released. */
  leaving: ReturnType<typeof setTimeout> | undefined;
}

/** Milliseconds that a LiveState outlives its last lease, as when a cell renders again. */
const LINGER_MS = 2_000;

/**
 * Shares LiveStates by (topic, session), and sockets among them: a socket can join a topic only
 * once, so the second session of a topic goes on a further socket. Sockets without a LiveState are
 * disconnected and used again.
 */
export class Pool {
  #makeSocket: () => Socket;
  #sockets: Socket[] = [];
  #entries = new Map<string, Entry>();

  constructor(makeSocket: () => Socket) {
    this.#makeSocket = makeSocket;
  }

  /** Returns a share of the LiveState of a topic; `session` is "" where the server chooses it. */
  lease(topic: string, session: string): Lease {
    const key = JSON.stringify([topic, session]);
    const entry = this.#entries.get(key) ?? this.#open(key, topic, session);
    clearTimeout(entry.leaving);
    entry.leases += 1;
    let isReleased = false;
    return {
      liveState: entry.liveState,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        entry.leases -= 1;
        if (entry.leases === 0) {
          entry.leaving = setTimeout(() => this.#close(key, entry), LINGER_MS);
        }
      },
    };
  }

  #open(key: string, topic: string, session: string): Entry {
    const liveState = new LiveState({ socket: this.#socketFor(topic), topic, session });
    const entry = { liveState, leases: 0, leaving: undefined };
    this.#entries.set(key, entry);
    liveState.connect(entry);
    return entry;
  }

  #close(key: string, entry: Entry): void {
    this.#entries.delete(key);
    entry.liveState.disconnect(entry);
    const { socket } = entry.liveState;
    if (!this.#liveStatesOn(socket).length) socket.disconnect();
  }

  #socketFor(topic: string): Socket {
    const isFree = (socket: Socket) =>
      !this.#liveStatesOn(socket).some(({ config }) => config.topic === topic);
    const free = this.#sockets.find(isFree);
    if (free) return free;
    const socket = this.#makeSocket();
    this.#sockets.push(socket);
    return socket;
  }

  #liveStatesOn(socket: Socket): LiveState[] {
    return [...this.#entries.values()]
      .map(({ liveState }) => liveState)
      .filter((liveState) => liveState.socket === socket);
  }
}
