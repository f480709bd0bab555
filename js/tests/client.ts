/** A LiveState and a scripted server, for the tests of what they say to each other. */

import { afterEach, beforeEach, expect, vi } from "vitest";
import { WebSocket } from "ws";
import type { Json, JsonObject } from "../src/json";
import { LiveState } from "../src/live-state";
import type { LiveStateConfig } from "../src/membership";
import { type Frame, type Link, ScriptedServer } from "./server";
import { until } from "./until";

/** The server of the test that runs. */
export let server: ScriptedServer;
/** Its client. */
export let live: LiveState;
const unhandled: unknown[] = [];
const onUnhandled = (reason: unknown) => unhandled.push(reason);

/** Gives each test of a file a server, and ends what it leaves. */
export function useServer(): void {
  beforeEach(async () => {
    server = await ScriptedServer.start();
    unhandled.length = 0;
    process.on("unhandledRejection", onUnhandled);
  });

  afterEach(async () => {
    live.disconnect();
    await server.stop();
    process.off("unhandledRejection", onUnhandled);
    vi.useRealTimers();
    expect(unhandled).toEqual([]);
  });
}

/** Makes the client. */
export function client(config: Partial<LiveStateConfig> = {}): LiveState {
  // Phoenix waits for seconds before it joins again after a crash or a refusal.
  const socketOptions = { transport: WebSocket, rejoinAfterMs: () => 20 } as JsonObject;
  live = new LiveState({ url: server.url, topic: "todos:me", socketOptions, ...config });
  return live;
}

/** Collects the details of a LiveState's own events, or of the channel's. */
export function record(name: string): Json[] {
  const details: Json[] = [];
  live.addEventListener(name, (event) => details.push((event as CustomEvent).detail));
  return details;
}

/** A connected client with a state of our server. */
export async function joined(
  state: Json = { items: [] },
  options: { version?: number; response?: Json } = {},
): Promise<{ link: Link; join: Frame }> {
  client().connect();
  const link = await server.link();
  const join = await link.accept(state, options);
  await until(() => live.status === "live");
  return { link, join };
}

/** An operation that appends. */
export const add = (value: Json, path = "/items/-") => ({ op: "add", path, value });

/** Starts another server in its place. */
export async function restartServer(): Promise<void> {
  await server.stop();
  server = await ScriptedServer.start();
}
