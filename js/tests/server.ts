/** A server whose every frame is written by the test: over a real WebSocket, or a fake comm. */

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Json } from "../src/json";
import { until } from "./until";

/** A frame of the client. */
export interface Frame {
  joinRef: Json;
  ref: Json;
  topic: string;
  event: string;
  payload: Json;
}

/** The server's end of one connection. */
export class Link {
  /** All frames that came, heartbeats too. */
  readonly frames: Frame[] = [];
  /** The binary ones. */
  readonly buffers: Buffer[] = [];
  #taken = new Set<Frame>();

  constructor(
    readonly send: (frame: string | Uint8Array) => void,
    readonly close: () => void,
  ) {}

  feed(text: string): void {
    const [joinRef, ref, topic, event, payload] = JSON.parse(text);
    this.frames.push({ joinRef, ref, topic, event, payload });
  }

  /** Waits for the next frame with this event that was not taken yet. */
  async take(event: string): Promise<Frame> {
    const frame = await until(() =>
      this.frames.find((found) => found.event === event && !this.#taken.has(found)),
    );
    this.#taken.add(frame);
    return frame;
  }

  count(event: string): number {
    return this.frames.filter((frame) => frame.event === event).length;
  }

  reply(to: Frame, response: Json = {}, status = "ok"): void {
    const { joinRef, ref, topic } = to;
    this.send(JSON.stringify([joinRef, ref, topic, "phx_reply", { status, response }]));
  }

  /** @param ref the ref of the client's event that this is the outcome of */
  push(join: Frame, event: string, payload: Json, ref: Json = null): void {
    this.send(JSON.stringify([join.ref, ref, join.topic, event, payload]));
  }

  crash(join: Frame, payload: Json = { reason: "channel_crash" }): void {
    this.send(JSON.stringify([join.ref, join.ref, join.topic, "phx_error", payload]));
  }

  /** Accepts the next join as our server does, and sends a state. */
  async accept(state: Json, { version = 0, response = OURS } = {}): Promise<Frame> {
    const join = await this.take("phx_join");
    this.reply(join, response);
    this.push(join, "state:change", { state, version });
    return join;
  }
}

/** The join reply of our server. */
export const OURS: Json = { livestate: { max_version: 1000 } };

/** A WebSocket server on a free port of this machine. */
export class ScriptedServer {
  #links: Link[] = [];
  #next = 0;

  private constructor(readonly server: WebSocketServer) {
    server.on("connection", (socket: WebSocket) => {
      const link = new Link(
        (frame) => socket.send(frame),
        () => socket.close(1012),
      );
      socket.on("message", (data: Buffer, isBinary) =>
        isBinary ? link.buffers.push(data) : link.feed(data.toString()),
      );
      this.#links.push(link);
    });
  }

  /** @param port where it listens, as one that was there before; any free port by default */
  static async start(port = 0): Promise<ScriptedServer> {
    const server = new WebSocketServer({ host: "127.0.0.1", port });
    await once(server, "listening");
    return new ScriptedServer(server);
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/livestate`;
  }

  /** Waits for the next connection. */
  async link(): Promise<Link> {
    const index = this.#next++;
    return until(() => this.#links[index]);
  }

  async stop(): Promise<void> {
    for (const client of this.server.clients) client.terminate();
    this.server.close();
  }
}
