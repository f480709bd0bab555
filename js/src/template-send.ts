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
  /** The element that sends it on. */
  readonly element: Element;
}

/** Takes note of an event while it happens, and keeps the page from what is sent instead. */
export function observe(event: Event, element: Element): Happening {
  preventDefault(event);
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

/** Keeps the page from submitting and following links. */
function preventDefault(event: Event): void {
  const isClick = event.type === "click" && !isToggle(event.target);
  if (isClick || event.type === "submit" || event instanceof CustomEvent) event.preventDefault();
}

/** Returns the data attributes of an element, and of those in it down to `target`. */
function readDataset(element: Element, target: EventTarget | null): JsonObject {
  const path: Element[] = [];
  let node = target instanceof Element && element.contains(target) ? target : element;
  for (; node !== element; node = node.parentElement as Element) path.unshift(node);
  return Object.assign(
    {},
    ...[element, ...path].map((one) => ({ ...(one as HTMLElement).dataset })),
  );
}
