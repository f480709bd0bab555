// Clients of the server under test, and what they received.

import { Socket } from "phoenix";
import { LiveState } from "phx-live-state";

export const URL = process.env.LIVESTATE_URL;
export const TOKEN = process.env.LIVESTATE_TOKEN;

/** What came, in order; `until` waits for a condition on it. The runner's time-out ends a wait. */
export class Received extends Array {
  #wake = () => {};

  static get [Symbol.species]() {
    return Array;
  }

  add(item) {
    this.push(item);
    this.#wake();
  }

  async until(condition) {
    while (!condition(this)) {
      await new Promise((resolve) => {
        this.#wake = resolve;
      });
    }
    return this;
  }

  count(number) {
    return this.until(() => this.length >= number);
  }
}

/** Return a connected phoenix Socket that is closed after the test. */
export function connect(t, options = {}) {
  const socket = new Socket(URL, { params: { token: TOKEN }, ...options });
  t.after(() => socket.disconnect());
  socket.connect();
  return socket;
}

/** Return a phoenix Channel, and the [event, payload] of all that it receives but replies. */
export function channel(socket, topic, params) {
  const it = socket.channel(topic, params);
  const received = new Received();
  it.onMessage = (event, payload) => {
    if (!event.startsWith("phx_reply") && !event.startsWith("chan_reply_")) {
      received.add([event, payload]);
    }
    return payload;
  };
  return { channel: it, received };
}

/** Return how a push is answered: [status, response]. */
export function answer(push) {
  return new Promise((resolve) => {
    for (const status of ["ok", "error", "timeout"]) {
      push.receive(status, (response) => resolve([status, response]));
    }
  });
}

/** Return a channel that has joined and has its first state. */
export async function joined(socket, topic, params) {
  const both = channel(socket, topic, params);
  both.channel.join();
  await both.received.until((all) => all.some(([event]) => event === "state:change"));
  return both;
}

/** Return a LiveState, and the [type, detail] of the events that it emits. It is not connected. */
export function liveState(t, topic, { params, listen = [], ...socketOptions } = {}) {
  const it = new LiveState({
    url: URL,
    topic,
    params,
    socketOptions: { params: { token: TOKEN }, ...socketOptions },
  });
  t.after(() => {
    if (it.connected) it.disconnect();
  });
  const received = new Received();
  for (const type of ["livestate-change", "livestate-patch", "livestate-error", ...listen]) {
    it.addEventListener(type, ({ detail }) => received.add([type, detail]));
  }
  return { liveState: it, received };
}

/** Return a LiveState that has its first state. */
export async function live(t, topic, options) {
  const both = liveState(t, topic, options);
  both.liveState.connect();
  await both.received.until(([first]) => first?.[0] === "livestate-change");
  return both;
}
