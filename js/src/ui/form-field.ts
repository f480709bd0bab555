/**
 * The fields of a form: a control for each. It knows nothing of events, or of what is in controls.
 */

import { html, nothing, type TemplateResult } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import type { Json } from "../json";
import { nameOf, startOf } from "./form-value";

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
    | "group"
    | "variants"
    | "constant";
  /** Must the payload have it? Then it must be filled in, unless `nullable`. */
  required?: boolean;
  /** Is null what an empty control means? Otherwise it is left out. */
  nullable?: boolean;
  /** What it begins with; all that a constant is. */
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
  /** Does a datetime name its zone? Then it is typed as one of the page's. */
  zoned?: boolean;
  /** What a group holds. */
  fields?: readonly FormField[];
  /** Can a group be left out? A checkbox says whether it is. */
  optional?: boolean;
  /** What one can choose from, of the classes of a union: labels, and what each holds. */
  variants?: readonly (readonly [string, readonly FormField[]])[];
  /** Which of them it begins with. */
  chosen?: number;
}

const INPUT_TYPES: Readonly<Record<string, string>> = {
  date: "date",
  datetime: "datetime-local",
  number: "number",
  text: "text",
  time: "time",
};

/** Returns a field's control with its label. */
export function fieldNode(field: FormField, keys: readonly string[]): unknown {
  const { control, label } = field;
  const name = nameOf(keys);
  const hint = hintOf(field);
  const hinted = hint ? html`<span class="hint" id=${hintId(name)}>${hint}</span>` : nothing;
  if (control === "constant") return nothing;
  if (control === "group") return groupNode(field, keys, hinted);
  if (control === "checkbox")
    return html`<div><label>${box(field, keys)} ${label}</label> ${hinted}</div>`;
  const node = html`<div class="field">
    <label for=${name}>${label}</label>${box(field, keys)}${hinted}
  </div>`;
  return control === "variants" ? variantsNode(field, keys, node) : node;
}

function groupNode(
  { default: start, fields = [], label, optional }: FormField,
  keys: readonly string[],
  hinted: unknown,
): TemplateResult {
  const name = nameOf(keys);
  const isIn = !optional || start !== undefined;
  // What stands in the legend is not disabled with the rest.
  const legend = optional
    ? html`<label
        ><input type="checkbox" id=${name} name=${name} ?checked=${isIn} @change=${open} /> ${label}</label
      >`
    : label;
  const described = hinted === nothing ? nothing : hintId(name);
  return html`<fieldset class="group" aria-describedby=${described} ?disabled=${!isIn}>
    <legend>${legend}</legend>
    ${hinted}
    ${fieldNodes(fields, keys)}
  </fieldset>`;
}

function variantsNode(
  { chosen, variants = [] }: FormField,
  keys: readonly string[],
  choice: TemplateResult,
): TemplateResult {
  return html`<div class="variants">
    ${choice}
    ${variants.map(
      ([label, fields], index) => html`<fieldset
        class="group"
        aria-label=${label}
        data-variant=${index}
        ?disabled=${index !== chosen}
      >
        ${fieldNodes(fields, [...keys, `${index}`])}
      </fieldset>`,
    )}
  </div>`;
}

function fieldNodes(fields: readonly FormField[], keys: readonly string[]): TemplateResult {
  return html`<div class="fields">${fields.map((one) => fieldNode(one, [...keys, one.name]))}</div>`;
}

function box(field: FormField, keys: readonly string[]): TemplateResult {
  const { control, max, maxLength, min, minLength, pattern, step } = field;
  const name = nameOf(keys);
  const isRequired = Boolean(field.required) && !field.nullable;
  const start = startOf(field);
  const described = hintOf(field) ? hintId(name) : nothing;
  if (control === "checkbox") {
    return html`<input type="checkbox" id=${name} name=${name} ?checked=${start === "true"} aria-describedby=${described} />`;
  }
  if (control === "select" || control === "variants") {
    const choices = choicesOf(field);
    const isOpen = field.nullable || !choices.some(([, isFirst]) => isFirst);
    return html`<select
      id=${name} name=${name}
      ?required=${isRequired}
      aria-describedby=${described}
      @change=${control === "variants" ? open : nothing}
    >
      ${isOpen ? html`<option value=""></option>` : nothing}
      ${choices.map(
        ([label, isFirst], index) =>
          html`<option value=${index} ?selected=${isFirst}>${label}</option>`,
      )}
    </select>`;
  }
  const isLong = control === "text" && start.includes("\n");
  if (control === "lines" || control === "json" || isLong) {
    return html`<textarea
      id=${name} name=${name}
      rows="3"
      spellcheck=${control === "json" ? "false" : "true"}
      placeholder=${control === "json" ? "JSON" : control === "lines" ? "one a line" : nothing}
      .defaultValue=${start}
      minlength=${ifDefined(minLength)}
      maxlength=${ifDefined(maxLength)}
      ?required=${isRequired && control !== "lines"}
      aria-describedby=${described}
      @input=${forget}
    ></textarea>`;
  }
  return html`<input
    id=${name} name=${name}
    type=${INPUT_TYPES[control] ?? "text"}
    value=${start}
    autocomplete="off"
    step=${control === "text" ? nothing : (step ?? "any")}
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

/** Returns what a select offers: labels, and whether it begins with them. */
function choicesOf({ chosen, default: start, options, variants }: FormField): [string, boolean][] {
  if (variants) return variants.map(([label], index) => [label, index === chosen]);
  const first = JSON.stringify(start);
  return (options ?? []).map(([label, value]) => [label, JSON.stringify(value) === first]);
}

/** Ids are listed with spaces between them, so that none may hold one. */
function hintId(name: string): string {
  return `hint/${encodeURIComponent(name)}`;
}

function hintOf({ hint, zoned }: FormField): string | undefined {
  if (!zoned) return hint;
  const zone = `Time zone: ${Intl.DateTimeFormat().resolvedOptions().timeZone}`;
  return hint ? `${hint} (${zone})` : zone;
}

/** Takes back what was said of a control's text, as it is mended. */
function forget(event: Event): void {
  (event.target as HTMLInputElement | HTMLTextAreaElement).setCustomValidity("");
}

function open(event: Event): void {
  follow(event.target as HTMLInputElement | HTMLSelectElement);
}

/** Opens the groups of a form that are chosen, and closes the others, as after a reset. */
export function openChosen(form: HTMLFormElement): void {
  const choices = form.querySelectorAll<HTMLInputElement | HTMLSelectElement>(
    "legend input, .variants > .field > select",
  );
  for (const choice of choices) follow(choice);
}

/** Opens what a checkbox or a select has chosen: a closed group is disabled. */
function follow(choice: HTMLInputElement | HTMLSelectElement): void {
  if (choice instanceof HTMLInputElement) {
    const group = choice.closest("fieldset");
    if (group) group.disabled = !choice.checked;
    return;
  }
  const groups = choice
    .closest(".variants")
    ?.querySelectorAll<HTMLFieldSetElement>(":scope > .group");
  for (const group of groups ?? []) group.disabled = group.dataset.variant !== choice.value;
}
