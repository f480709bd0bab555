/**
 * The React face: a hook that gives a component the state of a LiveState, and custom elements that
 * are made of a component. It knows nothing of notebooks; React 18 and later.
 */

import {
  Component,
  type ComponentType,
  createElement,
  type ReactNode,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import { createRoot, type Root } from "react-dom/client";
import type { LiveController } from "./controller";
import { LiveElement } from "./element";
import type { Json } from "./json";
import type { LiveState } from "./live-state";

/** The state of a LiveState, by its type. */
export type StateOf<L extends LiveState> = Exclude<L["state"], undefined>;

/** What a component needs of a state. */
export interface Selecting<S, T> {
  select(state: S): T;
  /** Are two selections the same to the component? Object.is if left out. */
  isEqual?(one: T, other: T): boolean;
}

/** What the component of a `reactElement` gets. */
export interface LiveProps<S = Json> {
  /** The state; there is one. It is shared: never change it. */
  state: S;
  /** The state's status and error, and the ways to dispatch and to listen. */
  live: LiveController<S>;
}

/**
 * Gives a component the state of a LiveState, or `initial` before there is one and on a server.
 *
 * The LiveState is connected while a component that uses it is mounted. With `select`, the component
 * is rendered again only when what it selects is another.
 *
 * @returns the state or what was selected of it, and the LiveState's `dispatch`
 *
 * @example
 * const todos = new LiveState({ url: "wss://host/livestate", topic: "todos:me" });
 * function Todos() {
 *   const [{ items }, pushEvent] = useLiveState(todos, { items: [] });
 *   return <button onClick={() => pushEvent("add_todo", { title: "tea" })}>{items.length}</button>;
 * }
 */
export function useLiveState<L extends LiveState>(
  liveState: L,
  initial: StateOf<L>,
): [state: StateOf<L>, pushEvent: L["dispatch"]];
export function useLiveState<L extends LiveState, T>(
  liveState: L,
  initial: StateOf<L>,
  selecting: Selecting<StateOf<L>, T>,
): [selected: T, pushEvent: L["dispatch"]];
export function useLiveState(
  liveState: LiveState,
  initial: Json,
  { select = all, isEqual = Object.is }: Partial<Selecting<Json, Json>> = {},
): [Json, LiveState["dispatch"]] {
  const [first] = useState(initial);
  const subscribe = useCallback(
    (onChange: () => void) => {
      const holder = {};
      liveState.addEventListener("livestate-change", onChange);
      liveState.connect(holder);
      return () => {
        liveState.removeEventListener("livestate-change", onChange);
        // StrictMode mounts again at once, and another component may be about to.
        queueMicrotask(() => liveState.disconnect(holder));
      };
    },
    [liveState],
  );
  const shown = useRef<{ value: Json } | null>(null);
  const read = useMemo(() => {
    let last: { state: Json; value: Json } | undefined;
    return (state: Json): Json => {
      if (last && Object.is(last.state, state)) return last.value;
      const selected = select(state);
      const before = last ?? shown.current;
      const value = before && isEqual(before.value, selected) ? before.value : selected;
      last = { state, value };
      return value;
    };
  }, [select, isEqual]);
  const value = useSyncExternalStore(
    subscribe,
    () => read(liveState.state ?? first),
    () => read(first),
  );
  useEffect(() => {
    shown.current = { value };
  }, [value]);
  const pushEvent = useCallback<LiveState["dispatch"]>(
    (...event) => liveState.dispatch(...event),
    [liveState],
  );
  return [value, pushEvent];
}

/**
 * Tells a component whether an event of a LiveState is on its way, or any if none is named: dispatched,
 * and not answered yet. The component is rendered again when that changes.
 *
 * @example
 * const isSaving = useIsPending(todos, "add_todo");
 * return <button disabled={isSaving}>Add</button>;
 */
export function useIsPending<L extends LiveState>(
  liveState: L,
  event?: Parameters<L["isPending"]>[0],
): boolean {
  const subscribe = useCallback(
    (onChange: () => void) => {
      liveState.addEventListener("livestate-pending", onChange);
      return () => liveState.removeEventListener("livestate-pending", onChange);
    },
    [liveState],
  );
  return useSyncExternalStore(
    subscribe,
    () => liveState.isPending(event),
    () => false,
  );
}

/**
 * Returns the class of an element that shows the state with a React component, which is rendered for
 * each state and status. It has the properties, attributes and theme of a LiveElement, and shows an
 * exception of the component in its place.
 *
 * @example
 * export default reactElement(({ state, live }) =>
 *   createElement("button", { onClick: () => live.dispatch("increment") }, state.count),
 * );
 */
export function reactElement<S = Json>(
  component: ComponentType<LiveProps<S>>,
): CustomElementConstructor {
  return class extends LiveElement<S> {
    #container = document.createElement("div");
    #root: Root | undefined;
    #failure: { error: unknown } | undefined;

    override disconnectedCallback(): void {
      super.disconnectedCallback();
      // An element that is moved is connected again at once.
      queueMicrotask(() => {
        if (!this.isConnected) this.#unmount();
      });
    }

    override render(state: S): unknown {
      const failure = this.#failure;
      this.#failure = undefined;
      if (failure) throw failure.error;
      this.#root ??= createRoot(this.#container);
      const { live } = this;
      const content = createElement(component, { state, live });
      this.#root.render(createElement(Boundary, { onError: this.#onError }, content));
      return this.#container;
    }

    #onError = (error: unknown): void => {
      this.#failure = { error };
      // Not while React renders. The next state is rendered afresh.
      queueMicrotask(() => this.#unmount());
      this.requestUpdate();
    };

    #unmount(): void {
      this.#root?.unmount();
      this.#root = undefined;
    }
  };
}

/** Hands on what its children throw, and shows nothing in their place. */
class Boundary extends Component<{
  onError: (error: unknown) => void;
  children?: ReactNode;
}> {
  static getDerivedStateFromError(): { isBroken: boolean } {
    return { isBroken: true };
  }

  override state = { isBroken: false };

  override componentDidCatch(error: unknown): void {
    this.props.onError(error);
  }

  override render(): ReactNode {
    return this.state.isBroken ? null : this.props.children;
  }
}

function all(state: Json): Json {
  return state;
}
