/**
 * What handlers printed and how they failed, as it is shown under their element.
 * It knows nothing of where it comes from.
 */

import { css, html, nothing, type TemplateResult } from "lit";

/** Something that a handler printed, or a failure. */
export interface LogEntry {
  kind: "print" | "error";
  /** A failure in one line; "" for prints. */
  title: string;
  /** What was printed; of a failure its traceback, "" where there is none. */
  text: string;
}

/** Styles of `log`, to stand beside the theme. */
export const logStyles = css`
  .livestate-log {
    /* stays at its end while it grows */
    display: flex;
    flex-direction: column-reverse;
    max-height: 14em;
    margin-top: 0.6em;
    overflow: auto;
    border-left: 3px solid var(--_line);
  }
  .livestate-log pre {
    margin: 0;
    padding: 0.2em 0.8em;
    overflow: visible;
    background: none;
    white-space: pre-wrap;
    overflow-wrap: anywhere;
  }
  .livestate-log summary,
  .livestate-log .title {
    margin: 0;
    padding: 0.2em 0.8em;
    color: var(--_wrong);
    overflow-wrap: anywhere;
  }
  .livestate-log summary {
    cursor: pointer;
  }
  .livestate-log summary:focus-visible {
    outline-offset: -2px;
  }
`;

/** Shows entries, oldest first; nothing where there are none. */
export function log(entries: readonly LogEntry[]): unknown {
  if (entries.length === 0) return nothing;
  return html`<div class="livestate-log" role="log" aria-label="Output of handlers" tabindex="0">
    <div>${entries.map(logEntry)}</div>
  </div>`;
}

function logEntry({ kind, text, title }: LogEntry): TemplateResult {
  if (kind === "print") return html`<pre>${text}</pre>`;
  if (!text) return html`<p class="title">${title}</p>`;
  return html`<details>
    <summary>${title}</summary>
    <pre>${text}</pre>
  </details>`;
}
