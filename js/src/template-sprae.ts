/**
 * Sets sprae up for templates: expressions that tell their template when they fail, directives that
 * keep what is being typed, and `:send<event>`. It knows nothing of channels.
 */

import * as signals from "@preact/signals-core";
// sprae sets itself up when it is imported.
import "sprae";
import * as core from "sprae/core";
import { _state, decorate, parse, use } from "sprae/core";
import type { Json } from "./json";
import type { PaceOptions } from "./pace";
import { each } from "./template-each";
import { HOST, type Host, type Scope } from "./template-scope";
import { type Happening, isOfLabel, observe, preventDefault } from "./template-send";
import { unmark } from "./template-source";
import { showValue } from "./template-value";

/** Starts a directive of an element; returns its end. */
type Directive = (element: Element, expression: string, scope: Scope) => () => void;

// What `use` replaces below.
const { compile: compileAny, dir: startAny } = core;
const { batch, computed, effect, signal, untracked } = signals;

const DIRECTIVES: { readonly [name: string]: Directive } = {
  each,
  /** One way, from the state to the field: sprae's own writes into the state. */
  value(element, expression, scope) {
    const evaluate = parse(expression).bind(element);
    return effect(() => showValue(element, evaluate(scope)));
  },
  /** Makes the element a variable of the template: sprae's own can't be ended. */
  ref(element, expression, scope) {
    const name = unmark(expression);
    scope[name] = element;
    return () => {
      scope[name] = undefined;
    };
  },
};

const SEND = /^send([^.:]+)((?:\.[^.:]+)*)$/;
/** The modifiers that say how fast an event may be sent, which is the channel's affair. */
const PACE = /^(debounce|throttle)-(\d+)(ms|s|m)?$/;
const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
/** sprae's modifiers that run what they are for later. */
const LATER = /^(debounce|throttle|delay|tick|raf)(-|$)/;
/** Those that listen to the page around the template. */
const AROUND = /\.(window|document|root|body|away|outside)\b/;

/** Returns a listener's start: `:send<event>="name"`, with sprae's modifiers. */
function send(event: string, modifiers: string): Directive {
  return (element, expression, scope) => {
    const host = scope[HOST] as Host;
    const name = unmark(expression);
    const type = host.eventNamed(event);
    const given = modifiers.split(".").slice(1);
    const pace = paceOf(given);
    const all = given.filter((modifier) => !PACE.test(modifier));
    // The event has to be looked at as long as it happens, and by those alone that it concerns.
    const send = decorate(
      (happening: Happening) => host.send(name, happening, pace),
      all.filter((modifier) => LATER.test(modifier)),
    );
    const hear = (fired: Event) => {
      if (isOfLabel(fired, element)) return;
      if (target === element) preventDefault(fired);
      send(observe(fired, element));
    };
    const listener = decorate(
      Object.assign(hear, { target: element }),
      all.filter((modifier) => !LATER.test(modifier)),
    );
    const { target, ...options } = listener as EventListener &
      AddEventListenerOptions & { target: EventTarget };
    target.addEventListener(type, listener as EventListener, options);
    return () => target.removeEventListener(type, listener as EventListener, options);
  };
}

function paceOf(modifiers: readonly string[]): PaceOptions {
  const matches = modifiers.map((modifier) => PACE.exec(modifier) ?? []);
  return Object.fromEntries(
    matches.flatMap(([, name, count, unit = "ms"]) =>
      name ? [[name, Number(count) * (UNITS_MS[unit] as number)]] : [],
    ),
  );
}

/** Starts a listener to the page around the template, which ends while that is not in the page. */
function listenAround(begin: Directive): Directive {
  return (element, expression, scope) =>
    effect(() => (scope[HOST]?.isInPage ? begin(element, expression, scope) : undefined));
}

/** Compiles an expression to one that tells its template how it fared. */
function compile(expression: string): (this: Element | undefined, scope: Scope) => Json {
  let evaluate: (scope: Scope) => Json;
  try {
    evaluate = compileAny(unmark(expression));
  } catch (error) {
    evaluate = () => {
      throw error;
    };
  }
  return function (scope) {
    const host = scope[HOST];
    if (!host) return evaluate.call(this, scope);
    const guard = (run: () => Json): Json => {
      try {
        const result = run();
        return result instanceof Promise ? result.catch(fail) : result;
      } catch (error) {
        return fail(error);
      }
    };
    const fail = (error: unknown) => {
      host.failed(this, expression, error);
      return undefined;
    };
    const value = guard(() => {
      const result = evaluate.call(this, scope);
      host.passed(this, expression);
      return result;
    });
    if (typeof value !== "function") return value;
    return (...values: Json[]) => guard(() => value.apply(this, values));
  };
}

/**
 * Starts one of sprae's directives that has no modifiers.
 *
 * sprae itself runs these in two steps, the second after all others: then what an `:if` is about to
 * take away would be evaluated once more, with what it was there for gone.
 */
function startPlain(name: string): Directive {
  return (element, expression, scope) => {
    const create = core.directive[name] ?? core.directive._;
    const update = create?.(element, scope, expression, name) as (value: Json) => unknown;
    const evaluate = parse(expression).bind(element);
    // A :scope has made one of its own.
    const inner = (element as Element & { [_state]?: Scope })[_state] ?? scope;
    return effect(() => {
      const end = evaluate(inner, update);
      return typeof end === "function" ? end : undefined;
    });
  };
}

function directiveNamed(name: string): Directive {
  const [, event, modifiers = ""] = SEND.exec(name) ?? [];
  const startSpraes: Directive = (element, expression, scope) =>
    startAny(element, name, expression, scope)() ?? (() => {});
  if (event !== undefined || name.startsWith("on")) {
    const listen = event === undefined ? startSpraes : send(event, modifiers);
    return AROUND.test(name) ? listenAround(listen) : listen;
  }
  return /[.:]/.test(name) ? startSpraes : (DIRECTIVES[name] ?? startPlain(name));
}

use({
  // sprae's own signals give up where effects nest ten deep, as in lists of lists.
  ...{ batch, computed, effect, signal, untracked },
  compile,
  dir(element, name, expression, scope) {
    const host = (scope as Scope)[HOST];
    if (!host) return startAny(element, name, expression, scope);
    if (name === "if") host.placing(element, expression.trim());
    const begin = directiveNamed(name);
    return () => begin(element, expression, scope);
  },
});
