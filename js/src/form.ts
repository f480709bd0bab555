/**
 * A form's data as a payload. It knows nothing of events or channels.
 */

import type { JsonObject } from "./json";

/**
 * Returns the data of a form: a key for each named field that takes part, with its text; fields
 * with the same name make a list. File fields without a file are left out.
 *
 * @param submitter the button that submitted the form; its name and value take part
 * @throws Error if a file is chosen: JSON has no files
 */
export function readForm(form: HTMLFormElement, submitter?: HTMLElement | null): JsonObject {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new FormData(form, submitter)) {
    if (typeof value !== "string") {
      if (value.name === "" && value.size === 0) continue;
      throw new Error(`The form was not sent: "${name}" holds a file, and files can't be sent.`);
    }
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : [before, value].flat());
  }
  return Object.fromEntries(fields);
}
