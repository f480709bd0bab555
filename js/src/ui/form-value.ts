/**
 * The values of a form's fields: what a control begins with, and what is in it.
 * It knows nothing of how controls look.
 */

import type { Json, JsonObject } from "../json";
import { localTime, zoneAt } from "../zone";
import { numberOf } from "./field";
import type { FormField } from "./form-field";

type Box = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

/** A time with or without a date, as Python or a control writes it: until the minute, and on. */
const TIME = /^(.*\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,3})\d*)?)?$/;

/** Returns the name of a control. */
export function nameOf(keys: readonly string[]): string {
  return keys.join("/");
}

/** Returns the text that a control begins with. */
export function startOf(field: FormField): string {
  const { control, default: start } = field;
  if (start === undefined || start === null) return "";
  if (control === "lines") return (start as string[]).join("\n");
  if (control === "json" || typeof start !== "string") return JSON.stringify(start);
  if (control === "datetime") return shortTime(field.zoned ? localTime(new Date(start)) : start);
  return control === "time" ? shortTime(start) : start;
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
    const box = form.elements.namedItem(nameOf(path)) as Box;
    let value: Json;
    if (field.control === "group" || field.control === "variants") {
      const held = heldBy(field, box, path);
      value = held ? fillIn(held.fields, form, held.keys) : empty(field);
      if (held && value === undefined) return undefined;
    } else {
      try {
        value = field.control === "constant" ? field.default : valueIn(field, box);
      } catch (error) {
        box.setCustomValidity((error as Error).message);
        box.reportValidity();
        return undefined;
      }
    }
    if (value !== undefined) payload[field.name] = value;
  }
  return payload;
}

/** Returns the fields of a group or of the chosen variant; undefined if it is left out. */
function heldBy(
  field: FormField,
  box: Box,
  path: readonly string[],
): { fields: readonly FormField[]; keys: readonly string[] } | undefined {
  const { fields = [], optional, variants = [] } = field;
  if (field.control === "group") {
    return optional && !(box as HTMLInputElement).checked ? undefined : { fields, keys: path };
  }
  const chosen = box.value === "" ? undefined : variants[Number(box.value)];
  return chosen && { fields: chosen[1], keys: [...path, box.value] };
}

/** Returns what an empty control means; undefined if it is to be left out. */
function empty({ nullable }: FormField): Json {
  return nullable ? null : undefined;
}

/** Returns what a control holds; undefined if it is to be left out. */
function valueIn(field: FormField, box: Box): Json {
  const { control, default: start, nullable, options = [] } = field;
  if (control === "checkbox") return (box as HTMLInputElement).checked;
  if (control === "select")
    return box.value === "" ? empty(field) : options[Number(box.value)]?.[1];
  // A control may show less than there is: microseconds, line ends, where a line was empty.
  const isAsBegun = canonical(field, box.value) === canonical(field, startOf(field));
  if (isAsBegun && start !== undefined) return start;
  if (control === "lines") {
    const lines = box.value.split("\n").filter((line) => line.trim() !== "");
    return lines.length === 0 && nullable ? null : lines;
  }
  if (box.value.trim() === "") {
    // A text that was cleared is empty: left out it would be the default again.
    return !nullable && control === "text" && typeof start === "string" ? box.value : empty(field);
  }
  switch (control) {
    case "number":
      return numberOf(box as HTMLInputElement);
    case "json":
      return parse(box.value);
    case "datetime":
      return withSeconds(box.value) + (field.zoned ? zoneAt(new Date(box.value)) : "");
    case "time":
      return withSeconds(box.value);
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

/** Returns the text of a control as it is compared, whichever way a browser writes it. */
function canonical({ control }: FormField, text: string): string {
  return control === "datetime" || control === "time"
    ? shortTime(text)
    : text.replaceAll(/\r\n?/g, "\n");
}

/** Returns a time without seconds that are 0; more exact than a millisecond no control is. */
function shortTime(text: string): string {
  const [, head, seconds = "00", digits = ""] = TIME.exec(text) ?? [];
  if (head === undefined) return text;
  const part = digits.replace(/0+$/, "");
  if (part) return `${head}:${seconds}.${part}`;
  return seconds === "00" ? head : `${head}:${seconds}`;
}

/** Returns a time as RFC 3339 has it: controls leave seconds out that are 0. */
function withSeconds(text: string): string {
  return /^(.*T)?\d\d:\d\d$/.test(text) ? `${text}:00` : text;
}
