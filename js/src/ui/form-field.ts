/**
 * The fields of a form: a control for each, and the value that is in it.
 * It knows nothing of events.
 */

import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import type { Json, JsonObject } from "../json";
import { numberOf } from "./field";

/** One field, as Python makes it of a schema. */
export interface FormField {
  name: string;
  label: string;
  control:
    | "text"
    | "number"
    | "checkbox"
    | "select"
    | "date"
    | "datetime"
    | "time"
    | "lines"
    | "json"
    | "group";
  /** Must the payload have it? Then it must be filled in, unless `nullable`. */
  required?: boolean;
  /** Is null what an empty control means? Otherwise it is left out. */
  nullable?: boolean;
  /** What it begins with. */
  default?: Json;
  /** What is to be said of it. */
  hint?: string;
  min?: number;
  max?: number;
  step?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  /** What a select offers: labels and values. */
  options?: readonly (readonly [string, Json])[];
  /** What a group holds. */
  fields?: readonly FormField[];
}

type Box = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

const INPUT_TYPES: Readonly<Record<string, string>> = {
  date: "date",
  datetime: "datetime-local",
  number: "number",
  text: "text",
  time: "time",
};

/** Returns a field's control with its label. */
export function fieldNode(field: FormField, keys: readonly string[]): TemplateResult {
  const { control, hint, label } = field;
  const hinted = hint
    ? html`<span class="hint" id=${`${nameOf(keys)} hint`}>${hint}</span>`
    : nothing;
  if (control === "group") {
    return html`<fieldset class="group">
      <legend>${label}</legend>
      ${hinted}
      <div class="fields">${field.fields?.map((one) => fieldNode(one, [...keys, one.name]))}</div>
    </fieldset>`;
  }
  if (control === "checkbox")
    return html`<div><label>${box(field, keys)} ${label}</label> ${hinted}</div>`;
  return html`<div class="field">
    <label for=${nameOf(keys)}>${label}</label>${box(field, keys)}${hinted}
  </div>`;
}

function box(field: FormField, keys: readonly string[]): TemplateResult {
  const { control, hint, max, maxLength, min, minLength, pattern, step } = field;
  const name = nameOf(keys);
  const isRequired = Boolean(field.required) && !field.nullable;
  const start = startOf(field);
  const described = hint ? `${name} hint` : nothing;
  if (control === "checkbox") {
    return html`<input type="checkbox" id=${name} name=${name} ?checked=${start === "true"} aria-describedby=${described} />`;
  }
  if (control === "select") {
    const { options = [] } = field;
    const isOpen = !isRequired || field.default === undefined;
    return html`<select id=${name} name=${name} ?required=${isRequired} aria-describedby=${described}>
      ${isOpen ? html`<option value=""></option>` : nothing}
      ${options.map(
        ([label, value], index) =>
          html`<option value=${index} ?selected=${JSON.stringify(value) === JSON.stringify(field.default)}>${label}</option>`,
      )}
    </select>`;
  }
  if (control === "lines" || control === "json") {
    return html`<textarea
      id=${name} name=${name}
      rows="3"
      spellcheck=${control === "json" ? "false" : "true"}
      placeholder=${control === "json" ? "JSON" : "one a line"}
      .defaultValue=${start}
      ?required=${isRequired && control === "json"}
      aria-describedby=${described}
      @input=${forget}
    ></textarea>`;
  }
  return html`<input
    id=${name} name=${name}
    type=${INPUT_TYPES[control] ?? "text"}
    value=${start}
    autocomplete="off"
    step=${control === "number" ? (step ?? "any") : nothing}
    min=${ifDefined(min)}
    max=${ifDefined(max)}
    minlength=${ifDefined(minLength)}
    maxlength=${ifDefined(maxLength)}
    pattern=${ifDefined(pattern)}
    ?required=${isRequired}
    aria-describedby=${described}
    @input=${forget}
  />`;
}

/** Returns the text that a control begins with. */
function startOf(field: FormField): string {
  const { control, default: start } = field;
  if (start === undefined || start === null) return "";
  if (control === "lines") return (start as string[]).join("\n");
  return control === "json" || typeof start !== "string" ? JSON.stringify(start) : start;
}

/**
 * Returns what a form's fields hold; undefined if one of them can't be read: then the browser says
 * so at its control.
 */
export function fillIn(
  fields: readonly FormField[],
  form: HTMLFormElement,
  keys: readonly string[] = [],
): JsonObject | undefined {
  const payload: JsonObject = {};
  for (const field of fields) {
    const path = [...keys, field.name];
    let value: Json;
    if (field.control === "group") {
      value = fillIn(field.fields ?? [], form, path);
      if (value === undefined) return undefined;
    } else {
      const control = form.elements.namedItem(nameOf(path)) as Box;
      try {
        value = valueIn(field, control);
      } catch (error) {
        control.setCustomValidity((error as Error).message);
        control.reportValidity();
        return undefined;
      }
    }
    if (value !== undefined) payload[field.name] = value;
  }
  return payload;
}

/** Returns what a control holds; undefined if it is to be left out. */
function valueIn(field: FormField, box: Box): Json {
  const { control, default: start, nullable, options = [] } = field;
  if (control === "checkbox") return (box as HTMLInputElement).checked;
  if (control === "lines") {
    return box.value.split("\n").filter((line) => line.trim() !== "");
  }
  if (box.value.trim() === "") {
    if (nullable) return null;
    // A text that was cleared is empty: left out it would be the default again.
    return control === "text" && typeof start === "string" ? box.value : undefined;
  }
  switch (control) {
    case "number":
      return numberOf(box as HTMLInputElement);
    case "select":
      return options[Number(box.value)]?.[1];
    case "json":
      return parse(box.value);
    case "datetime":
      // RFC 3339 has seconds, the control leaves them out where they are 0.
      return box.value.length === 16 ? `${box.value}:00` : box.value;
    case "time":
      return box.value.length === 5 ? `${box.value}:00` : box.value;
    default:
      return box.value;
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is not JSON: ${(error as Error).message}`);
  }
}

/** Takes back what was said of a control's text, as it is mended. */
function forget(event: Event): void {
  (event.target as Box).setCustomValidity("");
}

function nameOf(keys: readonly string[]): string {
  return keys.join("/");
}
