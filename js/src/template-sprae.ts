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
import { each } from "./template-each";
import { HOST, type Host, type Scope } from "./template-scope";
import { type Happening, observe } from "./template-send";
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

/** Returns a listener's start: `:send<event>="name"`, with sprae's modifiers. */
function send(event: string, modifiers: string): Directive {
  return (element, expression, scope) => {
    const host = scope[HOST] as Host;
    const name = unmark(expression);
    const type = host.eventNamed(event);
    // It may be sent later, by a modifier.
    let happening: Happening;
    const send = () => host.send(name, happening);
    const trigger = decorate(
      Object.assign(send, { target: element }),
      modifiers.split(".").slice(1),
    );
    const { target, ...options } = trigger as typeof trigger &
      AddEventListenerOptions & { target: EventTarget };
    const listener = (fired: Event) => {
      happening = observe(fired, element);
      trigger(fired);
    };
    target.addEventListener(type, listener, options);
    return () => target.removeEventListener(type, listener, options);
  };
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

use({
  // sprae's own signals give up where effects nest ten deep, as in lists of lists.
  ...{ batch, computed, effect, signal, untracked },
  compile,
  dir(element, name, expression, scope) {
    const host = (scope as Scope)[HOST];
    const [, event = "", modifiers = ""] = SEND.exec(name) ?? [];
    const isPlain = !(/[.:]/.test(name) || name.startsWith("on"));
    if (!host || !(isPlain || event)) return startAny(element, name, expression, scope);
    if (name === "if") host.placing(element, expression.trim());
    const begin = event ? send(event, modifiers) : (DIRECTIVES[name] ?? startPlain(name));
    return () => begin(element, expression, scope);
  },
});
