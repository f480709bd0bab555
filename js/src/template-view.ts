/**
 * One template in its place: renders it for each state, dispatches what its elements send, and
 * shows which expressions fail. It knows nothing of how the element around it is connected.
 */

import { batch, signal } from "@preact/signals-core";
import { html } from "lit";
import sprae from "sprae/core";
import { awaitAnswer, isBusy } from "./form";
import "./template-sprae";
import type { LiveController } from "./controller";
import { DispatchError, type LiveStateError, TEMPLATE_ERROR } from "./failure";
import type { Json, JsonObject } from "./json";
import type { LiveState } from "./live-state";
import type { PaceOptions } from "./pace";
import { problem } from "./problem";
import { fill, restore } from "./template-content";
import { disposeOf } from "./template-end";
import { ProblemBox } from "./template-problem";
import { type Host, RootScope } from "./template-scope";
import { type Happening, isOfLabel, observe, preventDefault, readPayload } from "./template-send";
import { placeOf, unmark } from "./template-source";
import { isField, markSent, settle } from "./template-value";
import type { DispatchOptions } from "./typed";

/** What a template needs of the element that it is in. */
export interface TemplateOwner {
  readonly live: LiveController;
  readonly isConnected: boolean;
  /** Makes an error of the template known. */
  report(error: LiveStateError): void;
  /** The events of the page whose names have capitals, which attributes can't have. */
  readonly customEvents: readonly string[];
}

/** A template in an element or a shadow root, with the state of one LiveState. */
export class TemplateView implements Host {
  #owner: TemplateOwner;
  #place: HTMLElement | ShadowRoot;
  #scope: RootScope;
  #box: ProblemBox;
  /** Whose state is shown. */
  #shown: LiveState | undefined;
  /** Why we are not let in; "" while we are. */
  #refusal = "";
  /** Tells expressions that read `live` that it may be another. */
  #updates = signal(0);
  #isInPage = signal(false);
  /** The expressions that fail, the elements for which they do, and why. */
  #failures = new Map<string, Map<Element | undefined, string>>();
  /** The expressions of elements that may fail while these are not there. */
  #placing = new WeakMap<Element, string[]>();
  /** The failures of which nobody was told yet. */
  #news: { element: Element | undefined; expression: string; error: unknown }[] = [];
  #isTelling = false;

  constructor(owner: TemplateOwner, place: HTMLElement | ShadowRoot) {
    this.#owner = owner;
    this.#place = place;
    this.#box = new ProblemBox(place);
    const { live } = owner;
    const updates = this.#updates;
    const follow = <T>(read: () => T) => {
      updates.value;
      return read();
    };
    this.#scope = new RootScope(this, {
      sendEvent: (name: string) => (event: Event) => {
        const at = (event.currentTarget ?? event.target) as Node;
        // A modifier may have it listen to the page around the template.
        const isOwn = at instanceof Element && !/^(html|body)$/.test(at.localName);
        if (isOwn && isOfLabel(event, at)) return;
        if (isOwn) preventDefault(event);
        this.send(name, observe(event, isOwn ? at : null));
      },
      live: {
        get error() {
          return follow(() => live.error);
        },
        get status() {
          return follow(() => live.status);
        },
        get version() {
          return follow(() => live.version);
        },
        isPending: (name?: string) => follow(() => live.isPending(name)),
        dispatch: (name: string, payload?: Json, options?: DispatchOptions) =>
          live.dispatch(name, payload, options),
      },
    });
  }

  get isInPage(): boolean {
    return this.#isInPage.value;
  }

  get isRendered(): boolean {
    return this.#shown !== undefined;
  }

  /** Is what is shown the state of another LiveState? */
  isOfAnother(liveState: LiveState | undefined): boolean {
    return this.isRendered && this.#shown !== liveState;
  }

  /** Shows the state as it is now, or why there is none. */
  update(): void {
    const { error, liveState, state, status } = this.#owner.live;
    batch(() => {
      this.#updates.value += 1;
      this.#isInPage.value = this.#owner.isConnected;
      if (state !== undefined) this.#scope.follow(state);
    });
    if (state !== undefined && !this.isRendered) {
      this.#shown = liveState;
      this.#box.show(null);
      fill(this.#place);
      sprae(this.#place as Element, this.#scope.scope);
    }
    const refusal = status === "error" ? (error?.message ?? "") : "";
    if (refusal !== this.#refusal) {
      this.#refusal = refusal;
      this.#showProblems();
    }
  }

  /** Drops the rendering and brings back what was there before. */
  end(): void {
    disposeOf(this.#place);
    this.#box.show(null);
    restore(this.#place);
    this.#refusal = "";
    this.#failures.clear();
    this.#news = [];
  }

  send(name: string, happening: Happening, pace: PaceOptions = {}): void {
    // It was held back, and what it belonged to is not shown any more.
    if (this.#shown !== this.#owner.live.liveState) return;
    const { element, target, type } = happening;
    const form = type === "submit" && target instanceof HTMLFormElement ? target : null;
    // Its data is on the way already.
    if (form && isBusy(form)) return;
    let payload: JsonObject;
    try {
      payload = readPayload(happening);
    } catch (error) {
      const { message } = error as Error;
      this.#owner.report({ type: "form error", event: name, message });
      return;
    }
    // Of each field the latest is sent, also where one directive is for many.
    const key = isField(target) ? target : element;
    const answer = this.#owner.live.dispatch(name, payload, { ...pace, key });
    if (form) {
      awaitAnswer(form, answer);
    } else if (isField(target)) {
      markSent(target);
      const show = () => settle(target);
      answer.then(show, show);
    }
  }

  eventNamed(name: string): string {
    return this.#owner.customEvents.find((event) => event.toLowerCase() === name) ?? name;
  }

  failed(element: Element | undefined, expression: string, error: unknown): void {
    // Told by the LiveState.
    if (error instanceof DispatchError) return;
    const message = explain(error);
    const elements = this.#failures.get(expression) ?? new Map<Element | undefined, string>();
    if (![...elements.values()].includes(message)) {
      this.#news.push({ element, expression, error });
    }
    elements.set(element, message);
    this.#failures.set(expression, elements);
    this.#tell();
  }

  passed(element: Element | undefined, expression: string): void {
    if (this.#failures.get(expression)?.delete(element)) this.#tell();
  }

  placing(element: Element, expression: string): void {
    this.#placing.set(element, [...(this.#placing.get(element) ?? []), expression]);
  }

  removed(node: Node): void {
    for (const elements of this.#failures.values()) {
      for (const element of elements.keys()) {
        if (element && node.contains(element) && elements.delete(element)) this.#tell();
      }
    }
  }

  /** Does a failure matter? What an `:if` has just taken away may fail once more. */
  #concerns(element: Element | undefined, expression: string): boolean {
    if (!(element instanceof Node) || this.#place.contains(element)) return true;
    return this.#placing.get(element)?.includes(expression) ?? false;
  }

  /** Tells of the failures, once for those that come and go together. */
  #tell(): void {
    if (this.#isTelling) return;
    this.#isTelling = true;
    queueMicrotask(() => {
      this.#isTelling = false;
      for (const [expression, elements] of this.#failures) {
        for (const element of elements.keys()) {
          if (!this.#concerns(element, expression)) elements.delete(element);
        }
        if (elements.size === 0) this.#failures.delete(expression);
      }
      this.#showProblems();
      for (const { element, expression, error } of this.#news.splice(0)) {
        if (!this.#concerns(element, expression)) continue;
        console.error(error);
        const where = describe(expression);
        const message = `${where && `${where}: `}${explain(error)}\n${unmark(expression)}`;
        this.#owner.report({ type: TEMPLATE_ERROR, message });
      }
    });
  }

  #showProblems(): void {
    const refusals = this.#refusal ? [problem("Not connected:", this.#refusal)] : [];
    const problems = [...refusals, ...[...this.#failures].map(renderFailure)];
    this.#box.show(problems.length > 0 ? html`${problems}` : null);
  }
}

function renderFailure([expression, elements]: [
  string,
  Map<Element | undefined, string>,
]): unknown {
  const [element, message] = [...elements][0] ?? [undefined, ""];
  const code = unmark(expression);
  const place = element?.localName ? `<${element.localName}>  ${code}` : code;
  const where = describe(expression);
  return problem(`The template has an error${where && ` in ${where}`}.`, message, place);
}

/** Returns the place of an expression in words; "" for one whose source is not known. */
function describe(expression: string): string {
  const place = placeOf(expression);
  return place ? `line ${place.line}, column ${place.column}` : "";
}

/** Returns what an expression threw, and what to do about it where that is not plain. */
function explain(error: unknown): string {
  if (error instanceof EvalError) {
    return `${error.name}: the page's Content-Security-Policy must allow 'unsafe-eval', by which templates evaluate their expressions.`;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : `${error}`;
}
