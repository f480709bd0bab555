/**
 * Events that come faster than they should be sent: the latest wins, and the last is always sent.
 * It knows nothing of states, nor how events are sent.
 */

import type { Json } from "./json";
import type { End } from "./outbox";

/** How fast an event may be sent. */
export interface PaceOptions {
  /**
   * Milliseconds between two of the event, the first of which is sent at once; and none is sent
   * before the last was answered.
   */
  throttle?: number;
  /** Milliseconds after the last of the event until it is sent. */
  debounce?: number;
  /**
   * Which of the event may take the place of each other, e.g. an id: those with the same key. By
   * default those of one element, or of a LiveState that is used without one.
   */
  key?: unknown;
}

/** Sends an event. */
type Send = (event: string, payload: Json, end: End) => Promise<void>;

/** The latest of an event, and everybody who waits for the one that is sent. */
interface Held {
  payload: Json;
  end: End;
  readonly answer: Promise<void>;
  settle(answer: Promise<void>): void;
}

/** The events of one name and key. */
interface Lane {
  readonly event: string;
  readonly key: unknown;
  held: Held | undefined;
  isThrottling: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * Sends events at the pace that they are given.
 *
 * An event without one is sent after all that is held back, so that it finds the server as whoever
 * dispatched it believes it to be.
 */
export class Pace {
  #send: Send;
  /** Those in use, the latest last. */
  #lanes = new Set<Lane>();

  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Sends an event, now or when its time has come.
   * @param end called as well, as settled, when another has taken its place
   * @returns a promise that settles as that of the event which is sent at last
   */
  dispatch(
    event: string,
    payload: Json,
    { throttle, debounce, key }: PaceOptions,
    end: End,
  ): Promise<void> {
    if (throttle === undefined && debounce === undefined) {
      this.flush();
      return this.#send(event, payload, end);
    }
    const lane = this.#laneOf(event, key);
    const { answer } = this.#hold(lane, payload, end);
    if (debounce !== undefined) {
      clearTimeout(lane.timer);
      lane.timer = setTimeout(() => this.#release(lane), debounce);
    } else if (!lane.isThrottling) {
      this.#throttle(lane, throttle ?? 0);
    }
    return answer;
  }

  /** Sends what is held back. */
  flush(): void {
    for (const lane of this.#lanes) this.#release(lane);
  }

  #laneOf(event: string, key: unknown): Lane {
    const known = [...this.#lanes].find((lane) => lane.event === event && lane.key === key);
    const lane = known ?? { event, key, held: undefined, isThrottling: false, timer: undefined };
    this.#lanes.delete(lane);
    this.#lanes.add(lane);
    return lane;
  }

  #hold(lane: Lane, payload: Json, end: End): Held {
    if (lane.held) {
      lane.held.end(true);
      return Object.assign(lane.held, { payload, end });
    }
    let settle: Held["settle"] = () => {};
    const answer = new Promise<void>((resolve) => {
      settle = resolve;
    });
    answer.catch(() => {});
    lane.held = { payload, end, answer, settle };
    return lane.held;
  }

  /** Sends what a lane holds, if it does. */
  #release(lane: Lane): Promise<void> | undefined {
    clearTimeout(lane.timer);
    const { held } = lane;
    lane.held = undefined;
    if (!lane.isThrottling) this.#lanes.delete(lane);
    if (!held) return undefined;
    const answer = this.#send(lane.event, held.payload, held.end);
    held.settle(answer);
    return answer;
  }

  async #throttle(lane: Lane, pauseMs: number): Promise<void> {
    lane.isThrottling = true;
    while (lane.held) {
      const pause = new Promise((resolve) => setTimeout(resolve, pauseMs));
      await Promise.allSettled([this.#release(lane), pause]);
    }
    lane.isThrottling = false;
    this.#lanes.delete(lane);
  }
}
