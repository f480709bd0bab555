/**
 * What a template's events send: the payload rules of live-templates (its 0.5.0,
 * src/live-template.js, sendEvent). It knows nothing of templates and channels.
 */

import { readForm } from "./form";
import type { Json, JsonObject } from "./json";
import { isField, isToggle, readField } from "./template-value";

/** What an event of the page was about: the event itself forgets it, once it is over. */
export interface Happening {
  readonly type: string;
  readonly target: EventTarget | null;
  readonly submitter: HTMLElement | null;
  readonly detail: Json;
  /** The element that sends it on; null where the page around the template does. */
  readonly element: Element | null;
}

/** Takes note of an event while it happens. */
export function observe(event: Event, element: Element | null): Happening {
  const { submitter = null } = event as Partial<SubmitEvent>;
  const detail = event instanceof CustomEvent ? event.detail : undefined;
  // In a shadow root it says later that it was about the host.
  return {
    type: event.type,
    target: event.composedPath()[0] ?? event.target,
    submitter,
    detail,
    element,
  };
}

/**
 * Returns the payload for an event of the page, as in live-templates:
 * - a submitted form's data;
 * - for `input` and `change` of a field: its value under its name;
 * - for a CustomEvent: the dataset and its detail;
 * - else the dataset.
 *
 * Other than there, the dataset is that of the element with the directive and of all between it
 * and the event's target, so that a click on an icon in a button counts; it goes with a form's data
 * and a field's value too; fields of a form with the same name make a list; checkboxes are true or
 * false; and a field without a name has its value under "value".
 *
 * @throws Error if a form holds a file: JSON has no files
 */
export function readPayload({ detail, element, submitter, target, type }: Happening): JsonObject {
  const dataset = readDataset(element, target);
  if (target instanceof HTMLFormElement && type === "submit") {
    return { ...dataset, ...readForm(target, submitter) };
  }
  if (/^(input|change)$/.test(type) && isField(target)) {
    return { ...dataset, [target.name || "value"]: readField(target) };
  }
  return { ...dataset, ...detail };
}

/** Keeps the page from submitting and following links, as an event is sent instead. */
export function preventDefault(event: Event): void {
  const isClick = event.type === "click" && !toggleOf(event);
  if (isClick || event.type === "submit" || event instanceof CustomEvent) event.preventDefault();
}

/** Is it a click on the label of a checkbox in `element`, which is clicked next by that? */
export function isOfLabel(event: Event, element: Element): boolean {
  const toggle = event.type === "click" ? toggleOf(event) : undefined;
  return element.contains(toggle ?? null) && toggle !== event.composedPath()[0];
}

/** Returns the checkbox or radio button that a click changes, itself or by its label. */
function toggleOf(event: Event): HTMLInputElement | undefined {
  const [target] = event.composedPath();
  const clicked = target instanceof Element && target.closest("a, button, input, label");
  const field = clicked instanceof HTMLLabelElement ? clicked.control : clicked;
  return isToggle(field) && !field.disabled ? field : undefined;
}

/** Returns the data attributes of an element, and of those in it down to `target`. */
function readDataset(element: Element | null, target: EventTarget | null): JsonObject {
  if (!element) return {};
  const path: Element[] = [];
  let node = target instanceof Element && element.contains(target) ? target : element;
  for (; node !== element; node = node.parentElement as Element) path.unshift(node);
  return Object.assign(
    {},
    ...[element, ...path].map((one) => ({ ...(one as HTMLElement).dataset })),
  );
}
