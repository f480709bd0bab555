/**
 * What decorators have said of elements: by prototype, so that subclasses inherit it and base
 * classes never see it, or by instance, where a decorator knows nothing else (TC39's of fields).
 */

import type { ConnectOptions, LiveStateProperty } from "./binding";
import type { JsonObject } from "./json";

/** Options of the `liveState` decorator. */
export interface LiveStateDecoratorOptions extends ConnectOptions {
  /**
   * Share the LiveState: it is `scope[name]` while an element that provides it is in a document, and
   * those that name it as their `context` inside `scope` (all of the page, for `window`) get it.
   */
  provide?: { scope: object; name: string | undefined } | undefined;
  /** Use the LiveState that another element provides by this name, there before or later. */
  context?: string | undefined;
}

/** What decorators have said of one prototype or instance. */
export interface Settings {
  options: LiveStateDecoratorOptions;
  /** The members that give a part of the config, by its name: `url`, `params.user`. */
  config: Map<string, PropertyKey>;
  properties: LiveStateProperty[];
}

const settings = new WeakMap<object, Settings>();

/** Returns what is said of a prototype or an instance itself, to add to it. */
export function ownSettings(owner: object): Settings {
  let own = settings.get(owner);
  if (!own) {
    own = { options: {}, config: new Map(), properties: [] };
    settings.set(owner, own);
  }
  return own;
}

/** Returns all that is said of an element: by its classes, the base class first, and its own. */
export function settingsOf(element: object): Settings {
  const lineage: Settings[] = [];
  for (let owner = element; owner; owner = Object.getPrototypeOf(owner)) {
    const own = settings.get(owner);
    if (own) lineage.unshift(own);
  }
  return {
    options: lineage.map(({ options }) => options).reduce(merge, {}),
    config: new Map(lineage.flatMap(({ config }) => [...config])),
    properties: lineage.flatMap(({ properties }) => properties),
  };
}

/** Returns an element's options, its config members read as they are now. */
export function optionsOf(element: HTMLElement): LiveStateDecoratorOptions {
  const { options, config } = settingsOf(element);
  const given: JsonObject = {};
  const params: JsonObject = { ...options.params };
  for (const [name, member] of config) {
    const value = (element as unknown as Record<PropertyKey, unknown>)[member];
    if (value === undefined) continue;
    if (name.startsWith("params.")) params[name.slice("params.".length)] = value;
    else if (name === "params") Object.assign(params, value);
    else given[name] = value;
  }
  return { ...options, ...given, params };
}

/** Returns the options of a class that says `own` and whose base class says `base`. */
function merge(
  base: LiveStateDecoratorOptions,
  own: LiveStateDecoratorOptions,
): LiveStateDecoratorOptions {
  const { provide, context, ...others } = base;
  const isElsewhere = own.provide !== undefined || own.context !== undefined;
  return {
    ...others,
    ...(isElsewhere ? {} : { provide, context }),
    ...own,
    properties: [...(base.properties ?? []), ...(own.properties ?? [])],
    attributes: [...(base.attributes ?? []), ...(own.attributes ?? [])],
    events: {
      send: [...(base.events?.send ?? []), ...(own.events?.send ?? [])],
      receive: [...(base.events?.receive ?? []), ...(own.events?.receive ?? [])],
    },
  };
}
