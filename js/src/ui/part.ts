/**
 * The frame of all stock elements: shows the part of the state that a path names.
 *
 * A new element extends Part and has `show(value)`, which returns what Lit renders; it is called
 * when the value at `path` is another object (or text, or number) than before, and at no other
 * time. `paths` names more than one part; an Announcer tells screen readers what changed by itself.
 * One that dispatches extends Control. Its tag and class are added in index.ts; a library that it
 * needs is imported on demand, in it.
 * It knows nothing of single elements.
 */

import {
  type CSSResultGroup,
  type CSSResultOrNative,
  html,
  type LitElement,
  nothing,
  type PropertyDeclarations,
  type ReactiveController,
  type TemplateResult,
} from "lit";
import { LiveElement } from "../element";
import { isObject, type Json } from "../json";
import type { LiveState } from "../live-state";
import { describe, labelOf, type Path, read } from "./path";
import { partStyles } from "./styles";

/** An element whose LiveState those in it use: a LiveElement, or whatever has a `liveState`. */
type Owner = LitElement & { live?: { liveState?: LiveState | undefined }; liveState?: LiveState };

/**
 * An element that shows a part of the state of the LiveElement around it, or of its `liveState`.
 *
 * @example
 * class Badge extends Part {
 *   override show(value) {
 *     return html`<strong>${value}</strong>`;
 *   }
 * }
 */
export abstract class Part extends LiveElement {
  static override properties: PropertyDeclarations = {
    path: {},
    label: {},
  };

  /** Which part it shows. */
  declare path: Path;
  /** Its visible label; undefined for none (controls then have one made of their path). */
  declare label: string | undefined;

  #owner: Owner | undefined;
  /** Tags around it that were not defined when it looked for its owner. */
  #awaited = new Set<string>();
  /** The LiveState that was found around it. */
  #found: LiveState | undefined;

  constructor() {
    super();
    this.path = "";
    // The paths too: they may be others by the next state.
    this.live.select((state) => [...this.paths, ...this.paths.map((path) => read(state, path))]);
  }

  static override finalizeStyles(styles?: CSSResultGroup): CSSResultOrNative[] {
    const [theme, ...others] = LiveElement.finalizeStyles(styles);
    return [theme as CSSResultOrNative, partStyles, ...others];
  }

  /** Returns what to show for the value at `path`, which is there. */
  abstract show(value: Json): unknown;

  /** The parts of the state that it shows; it is rendered when one of them changed. */
  protected get paths(): readonly Path[] {
    return [this.path];
  }

  /** How the element is called: its label, or one made of its path. */
  get name(): string {
    return this.label ?? labelOf(this.path);
  }

  override render(state?: Json): unknown {
    const missing = this.paths.filter((path) => read(state, path) === undefined);
    if (missing.length > 0) return missing.map((path) => this.#renderMissing(path));
    return this.show(read(state, this.path));
  }

  override connectedCallback(): void {
    this.#look();
    super.connectedCallback();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#owner?.removeController?.(this.#find);
  }

  /** Looks for its owner, and again when what is around it and may be that is defined. */
  #look(): void {
    this.#owner?.removeController?.(this.#find);
    this.#owner = ownerOf(this, (tag) => this.#await(tag));
    this.#find.hostUpdated();
    this.#owner?.addController?.(this.#find);
  }

  async #await(tag: string): Promise<void> {
    if (this.#awaited.has(tag)) return;
    this.#awaited.add(tag);
    await customElements.whenDefined(tag);
    if (this.isConnected) this.#look();
  }

  #renderMissing(path: Path): TemplateResult {
    const what = path.length > 0 ? html`nothing at <code>${describe(path)}</code>` : "no state";
    return html`<p class="missing">${this.label ? html`${this.label}: ` : nothing}${what}</p>`;
  }

  /** Runs after each update of the owner, which may show another LiveState from then on. */
  #find: Required<Pick<ReactiveController, "hostUpdated">> = {
    hostUpdated: () => {
      if (this.liveState !== this.#found) return; // it was given one
      this.#found = this.#owner?.live?.liveState ?? this.#owner?.liveState;
      this.liveState = this.#found;
    },
  };
}

/**
 * Returns the closest element around another, out of shadow roots too, that has a LiveState.
 * @param onUndefined called with the tags that are not defined yet of elements that are closer
 */
function ownerOf(element: Node, onUndefined: (tag: string) => void): Owner | undefined {
  let node: Node | null = element;
  do {
    const slot: Node | null = node instanceof Element ? node.assignedSlot : null;
    node = slot ?? node.parentNode ?? (node instanceof ShadowRoot ? node.host : null);
    if (node && isObject(node) && "liveState" in node) return node as unknown as Owner;
    if (node instanceof HTMLElement && isUndefined(node.localName)) onUndefined(node.localName);
  } while (node);
  return undefined;
}

function isUndefined(tag: string): boolean {
  return tag.includes("-") && !customElements.get(tag);
}
