/**
 * Shares values between elements by name, by the web components community's context protocol, which
 * phx-live-state's decorators and live-templates use as well (their wc-context 1.0, core.js).
 * It knows nothing of what the values are.
 */

/** Asks whoever is around an element for a context. */
const REQUEST = "context-request";
/** Tells those whose request nobody took that there is a provider now. */
const PROVIDER = "context-provider";

/** What a consumer fires; `callback` gets the value, and again when there is another. */
class ContextRequest<T> extends Event {
  constructor(
    readonly context: string,
    readonly callback: (value: T, unsubscribe?: () => void) => void,
    readonly subscribe: boolean,
  ) {
    super(REQUEST, { bubbles: true, composed: true, cancelable: true });
  }
}

/**
 * Gives `value` to the elements in `scope` (a document, a window, an element) that ask for `name`,
 * those that have asked before as well.
 * @returns the removal of the provider; who consumes it is left with what it has
 */
export function provideContext<T>(scope: EventTarget, name: string, value: T): () => void {
  const answer = (event: Event) => {
    const { context, callback } = event as ContextRequest<T>;
    if (context !== name || typeof callback !== "function") return;
    event.stopImmediatePropagation();
    callback(value, () => {});
  };
  scope.addEventListener(REQUEST, answer);
  scope.dispatchEvent(
    Object.assign(new Event(PROVIDER, { bubbles: true, composed: true }), { context: name }),
  );
  return () => scope.removeEventListener(REQUEST, answer);
}

/**
 * Asks for the context `name` around `element`, which is in a document, and waits if there is none.
 * @param use called with each value that is provided
 * @returns the end of waiting
 */
export function consumeContext<T>(
  element: Element,
  name: string,
  use: (value: T) => void,
): () => void {
  let isOver = false;
  const callback = (value: T) => {
    if (!isOver) use(value);
  };
  const request = () => element.dispatchEvent(new ContextRequest(name, callback, true));
  const retry = (event: Event) => {
    if ((event as Event & { context?: unknown }).context === name) request();
  };
  // A provider may be the window itself, whose events nothing below it hears.
  window.addEventListener(PROVIDER, retry);
  request();
  return () => {
    isOver = true;
    window.removeEventListener(PROVIDER, retry);
  };
}
