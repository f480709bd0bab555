/**
 * How an error looks in an element's place. It knows nothing of what went wrong.
 */

import { css, html, nothing, type TemplateResult } from "lit";

/** Styles of `problem`, to stand beside the theme. */
export const problemStyles = css`
  .livestate-problem {
    padding: 0.5em 0.8em;
    border-left: 3px solid var(--jp-error-color1, #d32f2f);
    background: color-mix(in srgb, var(--jp-error-color1, #d32f2f) 10%, transparent);
    overflow-wrap: anywhere;
  }
  .livestate-problem :is(p, code) {
    margin: 0;
  }
  .livestate-problem code {
    display: block;
    padding: 0.2em 0 0;
    white-space: pre-wrap;
    background: none;
    color: var(--_muted);
  }
`;

/**
 * Shows an error in an element's place.
 * @param message what happened; lines after the first are code
 * @param place where it happened: code as well
 */
export function problem(title: string, message: string, place = ""): TemplateResult {
  const [text, ...code] = message.split("\n");
  return html`<div class="livestate-problem" role="alert">
    <p><strong>${title}</strong> ${text}</p>
    ${codeLines([...code, place].join("\n"))}
  </div>`;
}

/** Shows lines of code. */
export function codeLines(text: string): unknown {
  return text.split("\n").map((line) => (line ? html`<code>${line}</code>` : nothing));
}
