/**
 * The frame around an element in a notebook: shows the element, and what stands between it and its
 * state. It knows nothing of comms and modules; it is handed what it shows.
 */

import {
  css,
  html,
  LitElement,
  nothing,
  type PropertyDeclarations,
  type TemplateResult,
} from "lit";
import { hasCells } from "./address";
import { isConnectionError, type LiveStateError, TEMPLATE_ERROR } from "./failure";
import { claimKeys } from "./keys";
import type { LiveState } from "./live-state";
import { type LogEntry, log, logStyles } from "./log";
import { codeLines, problem, problemStyles } from "./problem";
import { theme } from "./theme";
import { firstPlace } from "./trace";
import * as wire from "./wire";

/** `<livestate-view>`: an element, its connection's state, and the errors of its events. */
export class LiveView extends LitElement {
  static override properties: PropertyDeclarations = {
    element: { attribute: false },
    failure: { attribute: false },
    isGone: { attribute: false },
    isWaiting: { attribute: false },
    log: { attribute: false },
    liveState: { attribute: false },
    uncaught: { attribute: false },
    dismissed: { state: true },
  };

  static override styles = [
    theme,
    problemStyles,
    logStyles,
    css`
      :host {
        /* Jupyter cuts off what stands out, such as the focus ring */
        padding: 3px;
      }
      .content.stale {
        opacity: 0.55;
        filter: grayscale(1);
        transition:
          opacity 0.3s 0.6s,
          filter 0.3s 0.6s;
      }
      .notice {
        display: flex;
        gap: 0.6em;
        align-items: baseline;
        margin: 0.4em 0;
        color: var(--_muted);
        /* quick connections show nothing of it */
        animation: appear 0.2s 0.6s both;
      }
      .notice.late {
        margin: 0;
        animation-delay: 5s;
      }
      .notice.gone {
        color: inherit;
        animation: none;
      }
      .notice::before {
        content: "";
        flex: none;
        width: 0.55em;
        height: 0.55em;
        border-radius: 50%;
        background: var(--jp-warn-color1, #ef8a00);
      }
      .notice.late::before {
        visibility: hidden;
      }
      .notice.gone::before {
        background: var(--jp-error-color1, #d32f2f);
      }
      @keyframes appear {
        from {
          position: absolute;
          visibility: hidden;
          opacity: 0;
        }
      }
      .strip {
        display: flex;
        gap: 0.8em;
        align-items: start;
        margin-top: 0.6em;
      }
      .strip > div {
        flex: 1;
      }
      .strip p {
        white-space: pre-wrap;
      }
      .strip > button {
        min-height: 0;
        padding: 0 0.4em;
        border: 0;
        background: none;
      }
    `,
  ];

  /** What is shown; null while it is being loaded. */
  declare element: HTMLElement | null;
  /** Why there is no element. */
  declare failure: Error | null;
  /** Has the kernel gone, so that no connection will come back? */
  declare isGone: boolean;
  /** Does a handler wait for the running cell? */
  declare isWaiting: boolean;
  /** What handlers printed and how they failed. */
  declare log: readonly LogEntry[];
  declare liveState: LiveState | null;
  /** What the element's module threw last, outside of `render`. */
  declare uncaught: Error | null;
  /** The error that the user has dismissed. */
  declare dismissed: LiveStateError | null;
  #watched: LiveState | null = null;
  #releaseKeys = () => {};

  constructor() {
    super();
    this.element = null;
    this.failure = null;
    this.isGone = false;
    this.isWaiting = false;
    this.log = [];
    this.liveState = null;
    this.uncaught = null;
    this.dismissed = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#watch(this.liveState);
    this.requestUpdate();
    this.#releaseKeys = claimKeys(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#watch(null);
    this.#releaseKeys();
  }

  protected override firstUpdated(): void {
    // JupyterLab 4.6 cancels the Enter key's input in a cell, and with it the submission of forms.
    this.renderRoot.addEventListener("beforeinput", (event) => {
      if ((event as InputEvent).inputType === "insertLineBreak") event.stopPropagation();
    });
  }

  protected override willUpdate(): void {
    if (this.isConnected) this.#watch(this.liveState);
    if (this.liveState?.status === "live") hideSaved();
  }

  protected override render(): unknown {
    const { failure, liveState } = this;
    if (failure) return problem("This element can't be shown.", failure.message);
    if (!liveState) return nothing;
    const { error, state, status } = liveState;
    const isRefused = status === "error";
    const isStale = status === "offline" || isRefused;
    const isGone = isRefused && error?.message === wire.KERNEL_GONE;
    return html`
      ${isRefused && !isGone ? problem("Not connected:", error?.message ?? "") : nothing}
      <div class="content ${isStale ? "stale" : ""}" ?hidden=${isRefused && state === undefined}>
        ${this.element}
      </div>
      ${this.#renderNotice(liveState)} ${isRefused ? nothing : this.#renderStrip(error)}
      ${this.#renderUncaught()}
      ${log(this.log)}
    `;
  }

  #renderNotice({ error, state, status }: LiveState): unknown {
    const reason = error?.message ?? "";
    if (status === "live" && this.isWaiting) return notice("", "Waiting for the running cell…");
    if (status === "live" || (status === "error" && reason !== wire.KERNEL_GONE)) return nothing;
    if (this.isGone || reason === wire.KERNEL_GONE) {
      const remedy = hasCells() ? "run the cell again" : "load this page again";
      return notice("gone", `The kernel has gone: ${remedy}.`);
    }
    if (reason === wire.KERNEL_RESTARTING) return notice("", "Kernel restarting…");
    if (status === "connecting" || state === undefined) {
      return html`${notice("", "Connecting…")}
      ${notice("late", "While a cell runs, the kernel may not answer before it is done.")}`;
    }
    const isCrash = error?.type === "channel error" && reason !== wire.KERNEL_LOST;
    return notice("", isCrash ? "Starting again…" : "Connection lost. Reconnecting…");
  }

  #renderStrip(error: LiveStateError | null): unknown {
    // Errors of the connection are told by the notice, those of a template in its place.
    if (!error || error === this.dismissed || isConnectionError(error)) return nothing;
    if (error.type === TEMPLATE_ERROR) return nothing;
    const { event, message, type } = error;
    // A refusal is written for whoever caused it.
    const title = type === wire.REFUSED ? "" : `${event ?? type}:`;
    return strip(title, message, () => {
      this.dismissed = error;
    });
  }

  #renderUncaught(): unknown {
    if (!this.uncaught) return nothing;
    const { message, name } = this.uncaught;
    const dismiss = () => {
      this.uncaught = null;
    };
    return strip(`${name}:`, message, dismiss, firstPlace(this.uncaught));
  }

  #watch(liveState: LiveState | null): void {
    if (liveState === this.#watched) return;
    this.#watched?.removeEventListener("livestate-status", this.#update);
    this.#watched = liveState;
    liveState?.addEventListener("livestate-status", this.#update);
  }

  #update = (): void => {
    this.requestUpdate();
  };
}

let isSavedHidden = false;

/** Hides what Python displays beside elements (livestate_nb/saved.py) for pages where none is live. */
function hideSaved(): void {
  if (isSavedHidden) return;
  isSavedHidden = true;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(".livestate-beside { display: none }");
  document.adoptedStyleSheets.push(sheet);
}

function notice(kind: "" | "late" | "gone", text: string): TemplateResult {
  return html`<div class="notice ${kind}" role="status">${text}</div>`;
}

/**
 * Shows an error that the user can dismiss.
 * @param place where it happened: code as well
 */
function strip(title: string, message: string, dismiss: () => void, place = ""): TemplateResult {
  return html`<div class="livestate-problem strip" role="alert">
    <div>
      <p>${title ? html`<strong>${title}</strong> ` : nothing}${message}</p>
      ${codeLines(place)}
    </div>
    <button type="button" aria-label="Dismiss" title="Dismiss" @click=${dismiss}>✕</button>
  </div>`;
}
