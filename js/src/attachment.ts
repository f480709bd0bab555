/**
 * An element that decorators connect, as it comes into a document and leaves it: it makes its
 * LiveState, or shares one with others. It knows nothing of decorators.
 */

import { bind } from "./binding";
import { consumeContext, provideContext } from "./context";
import { Kept } from "./kept";
import { LiveState } from "./live-state";
import { optionsOf } from "./settings";

/** How many elements provide a name in a scope, and the end of its being provided. */
interface Provision {
  providers: number;
  end: () => void;
}

const provisions = new WeakMap<object, Map<string, Provision>>();

/** The tie of one element to its LiveState. */
export class Attachment {
  #element: HTMLElement;
  #isAttached = false;
  #liveState: LiveState | undefined;
  #kept = new Kept();
  /** Ends that it provides its LiveState or waits for one. */
  #leave = () => {};
  #release = () => {};

  constructor(element: HTMLElement) {
    this.#element = element;
  }

  /** The element is in a document: connects it, unless it is connected. */
  attach(): void {
    if (this.#isAttached) return;
    const options = optionsOf(this.#element);
    const { provide, context } = options;
    const make = () => this.#liveState ?? this.#kept.of(options);
    this.#isAttached = true;
    if (provide?.name) {
      const [liveState, leave] = share(provide.scope, provide.name, make);
      this.#leave = leave;
      this.#use(liveState);
    } else if (context) {
      this.#leave = consumeContext<LiveState>(this.#element, context, (liveState) =>
        this.#use(liveState),
      );
    } else {
      this.#use(make());
    }
  }

  /** The element has left the document. */
  detach(): void {
    if (!this.#isAttached) return;
    this.#isAttached = false;
    this.#leave();
    this.#leave = () => {};
    // An element that is moved is connected again at once.
    queueMicrotask(() => {
      if (!this.#isAttached) this.#use(undefined);
    });
  }

  #use(liveState: LiveState | undefined): void {
    const old = this.#liveState;
    if (liveState === old) return;
    this.#liveState = liveState;
    liveState?.connect(this);
    this.#release();
    this.#release = liveState ? bind(liveState, this.#element, optionsOf(this.#element)) : () => {};
    old?.disconnect(this);
  }
}

/**
 * Provides a LiveState by a name: the one that is in the scope, or a new one.
 * @returns it, and the end of that; it is taken out of the scope with the last who provides it
 * @throws Error if something else has that name in the scope
 */
function share(scope: object, name: string, make: () => LiveState): [LiveState, () => void] {
  const place = scope as Record<string, LiveState | undefined>;
  const found: unknown = place[name] ?? make();
  if (!(found instanceof LiveState)) {
    // A page's elements are the window's properties by their ids.
    throw new Error(
      `provide: expected a LiveState or nothing as "${name}" of the scope, got ${found}: use another name`,
    );
  }
  const liveState = found;
  place[name] = liveState;
  const shared = provisions.get(scope) ?? new Map<string, Provision>();
  provisions.set(scope, shared);
  const provision = shared.get(name) ?? {
    providers: 0,
    end: provideContext(scope as EventTarget, name, liveState),
  };
  shared.set(name, provision);
  provision.providers += 1;
  return [
    liveState,
    () => {
      provision.providers -= 1;
      if (provision.providers > 0) return;
      provision.end();
      shared.delete(name);
      delete place[name];
    },
  ];
}
