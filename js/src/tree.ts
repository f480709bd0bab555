/**
 * A JSON value as a tree that can be opened and closed, by mouse and keyboard.
 * It knows nothing of where the value comes from.
 */

import { css, html, nothing, type TemplateResult } from "lit";
import { isObject, type Json } from "./json";

/** Styles of a tree, to stand beside the theme. */
export const treeStyles = css`
  .tree {
    font-family: var(--_code);
    font-size: 0.93em;
    line-height: 1.6;
    overflow-wrap: anywhere;
  }
  .tree ul {
    margin: 0;
    padding-left: 1.1em;
    border-left: 1px solid var(--_soft-line);
    margin-left: 0.35em;
    list-style: none;
  }
  .tree li {
    margin: 0;
  }
  .tree summary {
    cursor: pointer;
    border-radius: var(--_radius);
  }
  .tree summary:hover {
    background: var(--_raised);
  }
  .tree summary::marker {
    color: var(--_muted);
  }
  .tree .leaf {
    padding-left: 1.05em;
  }
  .tree .type {
    color: var(--_muted);
    font-size: 0.88em;
  }
  .tree .string {
    color: var(--jp-mirror-editor-string-color, inherit);
    white-space: pre-wrap;
  }
  .tree .number {
    color: var(--jp-mirror-editor-number-color, inherit);
  }
  .tree .boolean,
  .tree .null {
    color: var(--jp-mirror-editor-keyword-color, inherit);
  }
  .tree button {
    min-height: 0;
    margin: 0.2em 0 0.2em 1em;
    padding: 0 0.6em;
  }
`;

/** Members that are shown at first, and that each "show more" adds. */
const PAGE = 50;
/** Values with at most so many members are open at first, down to the third level. */
const SMALL = 20;
/** Characters of a string that are shown. */
const MAX_TEXT = 500;

/** What of a tree is open, by the path of keys; it survives changes of the value. */
export class Tree {
  #isOpen = new Map<string, boolean>();
  #shown = new Map<string, number>();
  #onChange: () => void;

  /** @param onChange called when the tree must be rendered again */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  render(value: Json): TemplateResult {
    return html`<div class="tree">${this.#node(null, value, "", 0)}</div>`;
  }

  #node(key: string | null, value: Json, path: string, depth: number): TemplateResult {
    const label = key === null ? nothing : html`<span class="key">${key}</span>: `;
    const members: readonly (readonly [string, Json])[] = membersOf(value);
    const type = typeOf(value);
    if (members.length === 0) {
      return html`<div class="leaf">
        ${label}<span class=${type}>${show(value)}</span> <span class="type">${type}</span>
      </div>`;
    }
    const isSmall = members.length <= SMALL && depth < 3;
    const isOpen = this.#isOpen.get(path) ?? (depth === 0 || isSmall);
    const summary = `${type}, ${members.length} ${nounOf(value, members.length)}`;
    return html`<details
      .open=${isOpen}
      @toggle=${(event: Event) => this.#toggle(path, isOpen, event)}
    >
      <summary>${label}<span class="type">${summary}</span></summary>
      ${isOpen ? this.#members(members, path, depth + 1) : nothing}
    </details>`;
  }

  #members(
    members: readonly (readonly [string, Json])[],
    path: string,
    depth: number,
  ): TemplateResult {
    const shown = this.#shown.get(path) ?? PAGE;
    const hidden = members.length - shown;
    return html`<ul>
        ${members
          .slice(0, shown)
          .map(
            ([key, value]) => html`<li>${this.#node(key, value, `${path}\0${key}`, depth)}</li>`,
          )}
      </ul>
      ${
        hidden > 0
          ? html`<button type="button" @click=${() => this.#showMore(path, shown)}>
            show ${Math.min(hidden, PAGE)} more of ${hidden}
          </button>`
          : nothing
      }`;
  }

  #toggle(path: string, wasOpen: boolean, event: Event): void {
    const { open } = event.currentTarget as HTMLDetailsElement;
    if (open === wasOpen) return;
    this.#isOpen.set(path, open);
    this.#onChange();
  }

  #showMore(path: string, shown: number): void {
    this.#shown.set(path, shown + PAGE);
    this.#onChange();
  }
}

function membersOf(value: Json): readonly (readonly [string, Json])[] {
  if (Array.isArray(value)) return value.map((item, index) => [`${index}`, item] as const);
  return isObject(value) ? Object.entries(value) : [];
}

function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "list" : typeof value;
}

function nounOf(value: Json, count: number): string {
  const noun = Array.isArray(value) ? "item" : "key";
  return count === 1 ? noun : `${noun}s`;
}

function show(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${value.length} characters)` : text;
}
