/**
 * A form with a field for each part of a schema, which Python has read. It knows no schemas.
 */

import { css, html, nothing, type PropertyDeclarations } from "lit";
import { awaitAnswer, isBusy } from "../form";
import { Control } from "./control";
import { type FormField, fieldNode, openChosen } from "./form-field";
import { fillIn } from "./form-value";
import type { Path } from "./path";

/**
 * `<livestate-form>`: dispatches an object with a value for each field, converted as the field
 * says. It is reset once the event was handled, unless somebody has typed on; if it failed,
 * it stays and says why. Until the answer it is not sent again.
 */
export class FormPart extends Control {
  static override properties: PropertyDeclarations = {
    fields: { type: Array },
    submit: {},
  };

  static override styles = css`
    form,
    .fields {
      display: flex;
      flex-flow: column;
      align-items: stretch;
      gap: 0.7em;
      max-width: 32em;
      margin: 0;
    }
    .fields {
      padding: 0;
      border: 0;
      min-width: 0;
    }
    legend {
      padding: 0;
      margin-bottom: 0.5em;
      font-weight: 600;
    }
    .group > .fields {
      padding-left: 0.9em;
      border-left: 1px solid var(--_line);
    }
    .group {
      margin: 0;
      padding: 0;
      border: 0;
    }
    fieldset:disabled {
      opacity: 1; /* its controls are dimmed themselves */
      cursor: auto;
    }
    .group[disabled] > :not(legend),
    .variants > .group[disabled] {
      display: none;
    }
    .group[disabled] > legend {
      margin-bottom: 0;
    }
    .variants > .group:not([disabled]) {
      margin-top: 0.7em;
    }
    .hint {
      color: var(--_muted);
      font-size: 0.92em;
    }
    button {
      align-self: start;
    }
  `;

  declare fields: readonly FormField[];
  /** What its button says. */
  declare submit: string;
  #problem = "";

  constructor() {
    super();
    this.fields = [];
    this.submit = "Send";
  }

  protected override get paths(): readonly Path[] {
    return [];
  }

  override show(): unknown {
    return html`<form aria-label=${this.label ?? this.submit} @submit=${this.#submit} @reset=${this.#reset}>
      <fieldset class="fields" ?disabled=${this.isOff}>
        ${this.label ? html`<legend>${this.label}</legend>` : nothing}
        ${this.fields.map((field) => fieldNode(field, [field.name]))}
        ${this.#problem ? html`<p class="wrong" role="alert">${this.#problem}</p>` : nothing}
        <button>${this.submit}</button>
      </fieldset>
    </form>`;
  }

  /** What is open follows the controls, which are reset after this event. */
  #reset = async ({ target }: Event): Promise<void> => {
    await Promise.resolve();
    openChosen(target as HTMLFormElement);
  };

  #submit = async (submitted: SubmitEvent): Promise<void> => {
    submitted.preventDefault();
    const form = submitted.target as HTMLFormElement;
    // Its data is on the way already.
    if (isBusy(form)) return;
    const payload = fillIn(this.fields, form);
    if (!payload) return;
    const answer = this.dispatch(payload);
    awaitAnswer(form, answer);
    try {
      await answer;
      this.#problem = "";
    } catch (error) {
      this.#problem = this.own(error);
    }
    this.requestUpdate();
  };
}
