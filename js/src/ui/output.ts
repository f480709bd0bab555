/**
 * Elements that only show: progress, log, JSON and Markdown. It knows nothing of channels.
 */

import { css, html, nothing, type PropertyDeclarations } from "lit";
import { ifDefined } from "lit/directives/if-defined.js";
import { repeat } from "lit/directives/repeat.js";
import { unsafeHTML } from "lit/directives/unsafe-html.js";
import type { Json } from "../json";
import { Tree, treeStyles } from "../tree";
import { Announcer } from "./announcer";
import { OnDemand } from "./demand";
import { textOf } from "./field";
import { Part } from "./part";
import { type Path, read } from "./path";

/** Lines of a log that are shown. */
const MAX_LINES = 1_000;
/** Lines that are said at once. */
const SAID_LINES = 3;

/** `<livestate-progress>`: how much of a total is done; null is said to be unknown. */
export class ProgressPart extends Part {
  static override properties: PropertyDeclarations = {
    total: {},
  };

  static override styles = css`
    .field > progress {
      width: 100%;
    }
    .done {
      font-variant-numeric: tabular-nums;
    }
  `;

  /** The whole: a number, or where it is in the state; 1 by default. */
  declare total: number | Path;
  #announcer = new Announcer(this);
  #tenth: number | undefined;

  constructor() {
    super();
    this.total = 1;
  }

  protected override get paths(): readonly Path[] {
    return typeof this.total === "number" ? [this.path] : [this.path, this.total];
  }

  override show(done: Json): unknown {
    const total = Number(this.#total);
    const part = typeof done === "number" && total > 0 ? Math.min(done / total, 1) : undefined;
    const percent = part === undefined ? undefined : Math.floor(part * 100);
    this.#tell(percent);
    const counted = total > 1 ? `${done} of ${total}, ` : "";
    const told = percent === undefined ? "…" : `${counted}${percent} %`;
    return html`<div class="field">
        <div><label for="bar">${this.name}</label><span class="done">${told}</span></div>
        <progress id="bar" max="1" value=${ifDefined(part)}></progress>
      </div>
      ${this.#announcer.render()}`;
  }

  get #total(): Json {
    return typeof this.total === "number" ? this.total : read(this.live.state, this.total);
  }

  #tell(percent: number | undefined): void {
    const tenth = percent === undefined ? undefined : Math.floor(percent / 10);
    if (this.hasUpdated && tenth !== undefined && tenth !== this.#tenth) {
      this.#announcer.say(`${this.name}: ${tenth * 10} %`);
    }
    this.#tenth = tenth;
  }
}

/** `<livestate-log>`: a list of lines, or a text; it stays at its end unless it is scrolled up. */
export class LogPart extends Part {
  static override properties: PropertyDeclarations = {
    rows: { type: Number },
  };

  static override styles = css`
    .frame {
      padding: 0.4em 0;
      border: 1px solid var(--_soft-line);
      border-radius: var(--_radius);
      font-family: var(--_code);
      font-size: 0.93em;
    }
    .log {
      display: flex;
      flex-direction: column-reverse;
      overflow: auto;
      padding: 0 0.8em;
    }
    .line {
      min-height: 1.5em;
      white-space: pre-wrap;
      overflow-wrap: anywhere;
    }
    .earlier,
    .title {
      margin: 0;
      color: var(--_muted);
      font-size: 0.92em;
    }
  `;

  /** Lines that are visible at once. */
  declare rows: number;
  #announcer = new Announcer(this);
  #last: { count: number; line: string } | undefined;

  constructor() {
    super();
    this.rows = 10;
  }

  override show(value: Json): unknown {
    const lines: Json[] = Array.isArray(value) ? value : linesOf(textOf(value));
    const hidden = Math.max(lines.length - MAX_LINES, 0);
    this.#tell(lines);
    return html`${this.label ? html`<p class="title" aria-hidden="true">${this.label}</p>` : nothing}
      <div class="frame">
        <div
          class="log"
          role="log"
          aria-live="off"
          aria-label=${this.name}
          tabindex="0"
          style="height: ${this.rows * 1.5}em"
        >
          <div>
            ${hidden > 0 ? html`<p class="earlier">${hidden} earlier lines</p>` : nothing}
            ${repeat(
              lines.slice(hidden),
              (_, index) => hidden + index,
              (line) => html`<div class="line">${textOf(line)}</div>`,
            )}
          </div>
        </div>
      </div>
      ${this.#announcer.render()}`;
  }

  #tell(lines: readonly Json[]): void {
    const [count, line] = [lines.length, textOf(lines.at(-1))];
    const before = this.#last;
    this.#last = { count, line };
    if (!before || count === 0 || (before.count === count && before.line === line)) return;
    const added = Math.max(count - before.count, 1);
    this.#announcer.say(lines.slice(-Math.min(added, SAID_LINES)).map(textOf).join("\n"));
  }
}

/** `<livestate-json>`: any value as a tree. */
export class JsonPart extends Part {
  static override styles = [
    treeStyles,
    css`
      .title {
        margin: 0;
        color: var(--_muted);
        font-size: 0.92em;
      }
    `,
  ];
  #tree = new Tree(() => this.requestUpdate());

  override show(value: Json): unknown {
    return html`${this.label ? html`<p class="title">${this.label}</p>` : nothing}
      <div role="group" aria-label=${this.name}>${this.#tree.render(value)}</div>`;
  }
}

/** `<livestate-markdown>`: a text in Markdown. HTML in it is kept as far as it can't run. */
export class MarkdownPart extends Part {
  static override properties: PropertyDeclarations = {
    remoteMedia: { type: Boolean, attribute: "remote-media" },
  };

  /** Are images, sounds and films of other servers loaded? They are links otherwise. */
  declare remoteMedia: boolean;
  #code = new OnDemand(this, () => import("./markdown"));
  #converted = { from: "", isRemote: false, html: nothing as unknown };

  constructor() {
    super();
    this.remoteMedia = false;
  }

  override show(value: Json): unknown {
    const problem = this.#code.problem("Markdown");
    if (problem) return problem;
    const text = textOf(value);
    const { convert } = this.#code.module ?? {};
    if (!convert) return html`<div style="white-space: pre-wrap">${text}</div>`;
    const { from, html: before, isRemote } = this.#converted;
    if (from !== text || isRemote !== this.remoteMedia || before === nothing) {
      const made = unsafeHTML(convert(text, this.remoteMedia));
      this.#converted = { from: text, isRemote: this.remoteMedia, html: made };
    }
    return html`<div class="markdown">${this.#converted.html}</div>`;
  }
}

function linesOf(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
