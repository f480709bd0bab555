/**
 * A form's data as a payload. It knows nothing of events or channels.
 */

import type { JsonObject } from "./json";

/**
 * Returns the data of a form: a key for each named field that takes part, with its text; fields
 * with the same name make a list, and so does a `<select multiple>`, whatever is chosen. File fields without a file are left out.
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
  for (const field of form.elements as Iterable<HTMLSelectElement>) {
    const { name, type } = field;
    if (type !== "select-multiple" || !name || field.matches(":disabled")) continue;
    fields.set(name, [fields.get(name) ?? []].flat());
  }
  return Object.fromEntries(fields);
}

/** Is a form's data on the way already? Then it must not be sent again. */
export function isBusy(form: HTMLFormElement): boolean {
  return form.getAttribute("aria-busy") === "true";
}

/**
 * Keeps a form from being sent twice: it is `aria-busy` until the answer to its event. When that
 * was handled it is reset, unless somebody has typed on, or `reset` is false.
 */
export function awaitAnswer(form: HTMLFormElement, answer: Promise<void>, reset = true): void {
  const before = contentOf(form);
  form.setAttribute("aria-busy", "true");
  const end = () => form.removeAttribute("aria-busy");
  answer.then(() => {
    end();
    if (reset && contentOf(form) === before) form.reset();
  }, end);
}

/** Returns what is in a form's named fields, also while they are disabled. */
function contentOf(form: HTMLFormElement): string {
  const fields = ([...form.elements] as HTMLInputElement[]).filter(
    ({ localName, name }) => name && localName !== "button",
  );
  return JSON.stringify(
    fields.map((field) => {
      const { checked, name, value } = field;
      const chosen = field.localName === "select" && [...field.querySelectorAll("option")];
      return [name, chosen ? chosen.map(({ selected }) => selected) : [value, checked]];
    }),
  );
}
