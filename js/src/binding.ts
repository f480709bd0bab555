/**
 * Ties any custom element to a LiveState: properties and attributes that follow the state, events
 * that go to the channel or come from it. It knows nothing of who makes the LiveState, nor of Lit.
 */

import { isObject, type Json } from "./json";
import { LiveState } from "./live-state";
import type { LiveStateConfig } from "./membership";
import { Selection, type Selector } from "./selection";
import { settingsOf } from "./settings";

/** A property by its name in the element and the state, or by its name and where in the state. */
export type LiveStateProperty = string | { name: string; path: Selector };

/** What of an element is connected to the state. */
export interface ConnectOptions extends LiveStateConfig {
  /** Properties that follow the state. */
  properties?: LiveStateProperty[] | undefined;
  /** Attributes that follow the members of the state with these names. */
  attributes?: string[] | undefined;
  /** The element's events that are sent to the channel, and those of the LiveState that it gets. */
  events?: { send?: string[] | undefined; receive?: string[] | undefined } | undefined;
}

interface Binding {
  liveState: LiveState;
  release: () => void;
}

const bindings = new WeakMap<HTMLElement, Binding>();

/** Where the events that elements received came from: they are not sent back. */
const origins = new WeakMap<Event, LiveState>();

/**
 * Connects an element to a topic, or to a LiveState that others use as well, and connects that.
 * The LiveState is the element's `liveState` then. To connect it to the same one again does
 * nothing; another one takes its place.
 *
 * @returns the end of it; a LiveState that was made for the element is disconnected as well
 * @throws Error for options without `url` and `topic`, and for text that is no path
 *
 * @example
 * connectElement(document.querySelector("todo-list"), {
 *   url: "wss://host/livestate",
 *   topic: "todos:me",
 *   properties: ["items", { name: "first", path: "items[0]" }],
 *   events: { send: ["add_todo"], receive: ["added"] },
 * });
 */
export function connectElement(element: HTMLElement, options: ConnectOptions): () => void;
export function connectElement(
  liveState: LiveState,
  element: HTMLElement,
  options?: ConnectOptions,
): () => void;
export function connectElement(
  first: LiveState | HTMLElement,
  second: HTMLElement | ConnectOptions,
  options: ConnectOptions = {},
): () => void {
  if (first instanceof LiveState) {
    const release = bind(first, second as HTMLElement, options);
    first.connect();
    return release;
  }
  const liveState = new LiveState(second as ConnectOptions);
  const end = () => liveState.disconnect();
  const release = bind(liveState, first, second as ConnectOptions, end);
  liveState.connect();
  return release;
}

/**
 * Ties an element to a LiveState, whoever connects that.
 * @param end called when the tie is released, or another LiveState takes this one's place
 * @returns the release
 */
export function bind(
  liveState: LiveState,
  element: HTMLElement,
  options: ConnectOptions,
  end = () => {},
): () => void {
  const bound = bindings.get(element);
  if (bound?.liveState === liveState) return bound.release;
  bound?.release();
  const { attributes = [], events } = options;
  const properties = [...(options.properties ?? []), ...settingsOf(element).properties];
  const ties = [
    ...properties.map((property) => () => connectProperty(liveState, element, property)),
    ...attributes.map((name) => () => connectAttribute(liveState, element, name)),
    ...(events?.send ?? []).map((name) => () => sendEvent(liveState, element, name)),
    ...(events?.receive ?? []).map((name) => () => receiveEvent(liveState, element, name)),
  ];
  const releases = [end];
  try {
    for (const tie of ties) releases.push(tie());
  } catch (error) {
    for (const release of releases) release();
    throw error;
  }
  const binding = {
    liveState,
    release: () => {
      for (const release of releases.splice(0)) release();
      if (bindings.get(element) === binding) bindings.delete(element);
    },
  };
  bindings.set(element, binding);
  (element as { liveState?: LiveState }).liveState = liveState;
  return binding.release;
}

/**
 * Lets a property of an element follow the state. It is set when it is not what the state says, at
 * once if there is a state.
 *
 * @returns the end of it
 * @throws Error for text that is no path
 */
export function connectProperty(
  liveState: LiveState,
  element: HTMLElement,
  property: LiveStateProperty,
): () => void {
  const { name, path } =
    typeof property === "string"
      ? { name: property, path: (state: Json) => state?.[property] }
      : property;
  const target = element as unknown as Record<string, Json>;
  return follow(liveState, new Selection(path), (value) => {
    if (!Object.is(target[name], value)) target[name] = value;
  });
}

/**
 * Lets an attribute of an element follow the member of the state that has its name. Lists and
 * objects are written as JSON; for null, and where there is none, the attribute is removed.
 *
 * @returns the end of it
 */
export function connectAttribute(
  liveState: LiveState,
  element: HTMLElement,
  name: string,
): () => void {
  return follow(liveState, new Selection((state) => state?.[name]), (value) => {
    if (value === null || value === undefined) element.removeAttribute(name);
    else {
      const text = isObject(value) || Array.isArray(value) ? JSON.stringify(value) : `${value}`;
      if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
  });
}

/** @deprecated Use `connectAttribute`: phx-live-state writes it with three t's. */
export const connectAtttribute = connectAttribute;

/**
 * Sends an event of an element to the channel, with its detail as the payload; not one that came
 * from there.
 *
 * @returns the end of it
 */
export function sendEvent(liveState: LiveState, element: HTMLElement, name: string): () => void {
  const send = (event: Event) => {
    if (origins.get(event) === liveState) return;
    liveState.pushEvent(name, (event as CustomEvent).detail);
  };
  element.addEventListener(name, send);
  return () => element.removeEventListener(name, send);
}

/**
 * Fires an event of the LiveState, one of its own or one that the channel pushes, at an element.
 *
 * @returns the end of it
 */
export function receiveEvent(liveState: LiveState, element: HTMLElement, name: string): () => void {
  const receive = ({ detail }: CustomEvent) => {
    const event = new CustomEvent(name, { detail });
    origins.set(event, liveState);
    element.dispatchEvent(event);
  };
  liveState.addEventListener(name, receive);
  return () => liveState.removeEventListener(name, receive);
}

/** Calls `use` with what is selected, now if there is a state, and after each change. */
function follow(
  liveState: LiveState,
  selection: Selection,
  use: (value: Json) => void,
): () => void {
  const update = () => {
    selection.update(liveState.state);
    use(selection.value);
  };
  if (liveState.state !== undefined) update();
  liveState.addEventListener("livestate-change", update);
  return () => liveState.removeEventListener("livestate-change", update);
}
