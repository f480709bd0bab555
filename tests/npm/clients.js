// Clients of the server under test, and what they received.

import { createServer, request as forward } from "node:http";

// Which versions these are is up to who runs the tests.
export const { LongPoll, Socket } = await import(process.env.PHOENIX);
const { connectElement, LiveState } = await import(process.env.PHX_LIVE_STATE);
export { connectElement };

export const URL = process.env.LIVESTATE_URL;
/** Jupyter's token; "" where the server's authentication is open. */
export const TOKEN = process.env.LIVESTATE_TOKEN;

/** Which phoenix it is, as 1.8. */
export const VERSION = Number(process.env.PHOENIX_VERSION);

/** Return the address of a proxy to the server that refuses WebSockets, as some on the way do. */
export async function withoutWebSockets(t) {
  const target = new globalThis.URL(URL.replace("ws", "http"));
  const proxy = createServer((request, response) => {
    const { method, url: path, headers } = request;
    const { hostname, port } = target;
    const forwarded = forward({ hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.destroy());
    response.on("close", () => forwarded.destroy());
    request.pipe(forwarded);
  });
  proxy.on("upgrade", (_request, socket) => socket.end("HTTP/1.1 403 Forbidden\r\n\r\n"));
  await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return `ws://127.0.0.1:${proxy.address().port}${target.pathname}`;
}

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
export function connect(t, options = {}, url = URL) {
  const socket = new Socket(url, { params: { token: TOKEN }, ...options });
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
