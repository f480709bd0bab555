/** The public names of the npm package phx-live-state, which ours must have as well. */

import type { Json } from "../src/json";

/** What a LiveState of either package is to the tests. */
export interface AnyLiveState extends EventTarget {
  state: Json;
  stateVersion: number | undefined;
  connected: boolean;
  socket: Json;
  channel: Json;
  connect(): void;
  disconnect(): void;
  pushEvent(event: string, payload?: Json): void;
  pushCustomEvent(event: CustomEvent): void;
  subscribe(listener: (event: Json) => void): void;
  unsubscribe(listener: (event: Json) => void): void;
}

type Decorator = (...target: Json[]) => void;

/** What either package exports. */
export interface Library {
  default: new (config: Json) => AnyLiveState;
  LiveState: new (config: Json) => AnyLiveState;
  connectElement(...options: Json[]): unknown;
  connectAtttribute(liveState: AnyLiveState, element: HTMLElement, name: string): unknown;
  connectProperty(liveState: AnyLiveState, element: HTMLElement, property: Json): unknown;
  sendEvent(liveState: AnyLiveState, element: HTMLElement, name: string): unknown;
  receiveEvent(liveState: AnyLiveState, element: HTMLElement, name: string): unknown;
  liveState(options: Json): Decorator;
  liveStateConfig(name: string): Decorator;
  liveStateProperty(path?: string): Decorator;
}

/** The package as it is. */
export const theirs = (await import("phx-live-state" as string)) as Library;
/** Ours. */
export const ours = (await import("../src/index")) as unknown as Library;
