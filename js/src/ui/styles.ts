/**
 * What all stock elements look like, on the theme: labels, notes and what only screen readers get.
 */

import { css } from "lit";

export const partStyles = css`
  :host([hidden]) {
    display: none;
  }
  .field {
    display: flex;
    flex-direction: column;
    align-items: stretch;
    gap: 0.2em;
    max-width: 32em;
  }
  .field > :first-child {
    display: flex;
    justify-content: space-between;
    gap: 1em;
    color: var(--_muted);
    font-size: 0.92em;
  }
  .field > * {
    margin: 0;
  }
  .missing {
    color: var(--_muted);
    font-style: italic;
  }
  .wrong {
    margin: 0;
    color: var(--_wrong);
    font-size: 0.92em;
  }
  [aria-invalid="true"] {
    border-color: var(--_wrong);
  }
  .announcer {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
`;
