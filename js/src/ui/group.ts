/**
 * Rows and columns: what they hold is theirs as light DOM. They know nothing of states.
 */

import { type CSSResult, css, html, LitElement, type PropertyDeclarations } from "lit";
import { theme } from "../theme";

/** What a row and a column have in common: a visible label, which names the group. */
abstract class Group extends LitElement {
  static override properties: PropertyDeclarations = {
    label: {},
  };

  declare label: string | undefined;

  protected override render(): unknown {
    if (!this.label) return html`<div class="content"><slot></slot></div>`;
    return html`<div role="group" aria-labelledby="label">
      <div id="label">${this.label}</div>
      <div class="content"><slot></slot></div>
    </div>`;
  }
}

const groupStyles: CSSResult = css`
  :host([hidden]) {
    display: none;
  }
  #label {
    margin-bottom: 0.5em;
    font-size: 1.1em;
    font-weight: 600;
  }
  .content {
    display: flex;
    gap: 0.9em;
  }
`;

/** `<livestate-row>`: side by side, and below each other where that is too narrow. */
export class RowGroup extends Group {
  static override styles = [
    theme,
    groupStyles,
    css`
      .content {
        flex-flow: row wrap;
        align-items: start;
        gap: 0.9em 1.2em;
      }
      ::slotted(*) {
        flex: 1 1 12em;
        min-width: 0;
      }
      /* beside controls, whose labels stand above them */
      ::slotted([data-inline]) {
        flex: none;
        align-self: end;
      }
    `,
  ];
}

/** `<livestate-column>`: one below the other. */
export class ColumnGroup extends Group {
  static override styles = [
    theme,
    groupStyles,
    css`
      .content {
        flex-direction: column;
      }
    `,
  ];
}
