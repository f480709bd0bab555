/**
 * `:value`: shows a part of the state in a field. What a user has typed or chosen there stays until
 * it was sent, whatever comes from the server. It knows nothing of expressions and channels.
 */

import type { Json } from "./json";

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

/** What was sent of a field, until the state's answer is shown. */
const sent = new WeakMap<Element, string>();
/** What fields show of the state. */
const bound = new WeakMap<Element, Json>();

/** Tells whether an element is a field of a form. */
export function isField(element: unknown): element is Field {
  return (
    element instanceof HTMLInputElement ||
    element instanceof HTMLTextAreaElement ||
    element instanceof HTMLSelectElement
  );
}

/** Tells whether a field is one that a click changes. */
export function isToggle(element: unknown): element is HTMLInputElement {
  return element instanceof HTMLInputElement && /^(checkbox|radio)$/.test(element.type);
}

/** Returns what a field holds: true or false of a checkbox, a list of a multiple select, or text. */
export function readField(field: Field): Json {
  if (field instanceof HTMLInputElement && field.type === "checkbox") return field.checked;
  if (field instanceof HTMLSelectElement && field.multiple) {
    return [...field.selectedOptions].map(({ value }) => value);
  }
  return field.value;
}

/**
 * Shows a value in a field: in a radio button by being chosen for it, in other elements as their
 * property `value`. It becomes the field's default, to which a reset of the form leads.
 *
 * @returns for a select, the end of following its options
 */
export function showValue(element: Element, value: Json): (() => void) | undefined {
  if (!isField(element)) {
    Object.assign(element, { value });
    return undefined;
  }
  bound.set(element, value);
  show(element);
  if (!(element instanceof HTMLSelectElement)) return undefined;
  const observer = new MutationObserver(() => show(element));
  observer.observe(element, { childList: true, subtree: true });
  return () => observer.disconnect();
}

/** Remembers what is sent of a field. */
export function markSent(field: Field): void {
  sent.set(field, held(field));
}

/** Shows the state in a field of which was sent what it holds, as soon as nobody types there. */
export function settle(field: Field): void {
  if (!bound.has(field)) return;
  const isTyping = () =>
    !isToggle(field) && (field.getRootNode() as Document).activeElement === field;
  if (isTyping()) field.addEventListener("blur", () => settle(field), { once: true });
  else if (sent.get(field) === held(field)) for (const one of groupOf(field)) restore(one);
}

/**
 * Returns the fields that are one to a user: all radio buttons of a group that show the state, or
 * a field alone.
 */
function groupOf(field: Field): readonly Field[] {
  if (field.type !== "radio" || !field.name) return [field];
  const { form, name } = field;
  const radios = (field.getRootNode() as ParentNode).querySelectorAll<HTMLInputElement>(
    "input[type=radio]",
  );
  return [...radios].filter((one) => one.name === name && one.form === form && bound.has(one));
}

/** Returns what a field or its group holds, as text. */
function held(field: Field): string {
  if (field.type !== "radio") return JSON.stringify(readField(field));
  const chosen = groupOf(field).find((one) => (one as HTMLInputElement).checked);
  return JSON.stringify(chosen?.value ?? null);
}

function show(field: Field): void {
  const isKept = groupOf(field).some(isEdited);
  // Until it was set, it would follow its default.
  if (isToggle(field)) field.checked = Boolean(field.checked);
  setDefault(field, bound.get(field));
  if (!isKept) restore(field);
}

function isEdited(field: Field): boolean {
  if (isToggle(field)) return field.checked !== field.defaultChecked;
  if (!(field instanceof HTMLSelectElement)) {
    return field.value !== field.defaultValue && field.value !== untouched(field);
  }
  const options = [...field.options];
  // Without a default the browser has chosen.
  const hasDefault = options.some(({ defaultSelected }) => defaultSelected);
  return hasDefault && options.some((option) => option.selected !== option.defaultSelected);
}

/** Returns what a field holds of its default: some kinds bring it into a form of their own. */
function untouched(field: HTMLInputElement | HTMLTextAreaElement): string {
  const form = document.createElement("form");
  const copy = field.cloneNode(true) as typeof field;
  form.append(copy);
  form.reset();
  return copy.value;
}

function setDefault(field: Field, value: Json): void {
  const text = value === null || value === undefined ? "" : `${value}`;
  if (field instanceof HTMLSelectElement) {
    const values = Array.isArray(value) ? value.map(String) : [text];
    for (const option of field.options) option.defaultSelected = values.includes(option.value);
  } else if (!isToggle(field)) field.defaultValue = text;
  else field.defaultChecked = field.type === "radio" ? field.value === text : Boolean(value);
}

/** Makes a field hold its default. */
function restore(field: Field): void {
  sent.delete(field);
  if (isToggle(field)) field.checked = field.defaultChecked;
  else if (!(field instanceof HTMLSelectElement)) {
    if (field.value !== field.defaultValue) field.value = field.defaultValue;
  } else for (const option of field.options) option.selected = option.defaultSelected;
}
