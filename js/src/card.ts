/**
 * The anywidget of a share: says what it opens, and shows the HTML to paste, which the kernel gives
 * once, to the page that asks first; no page saves it.
 * It knows nothing of topics and states.
 */

import type { AnyWidget, RenderProps } from "@anywidget/types";
import { adoptStyles, css, html, nothing, render } from "lit";
import { serverUrl } from "./address";
import type { Json } from "./json";
import { claimKeys } from "./keys";
import { htmlOf, isPattern, mountUrl, type Secret, type Terms } from "./paste";
import { theme } from "./theme";

/** An anywidget model, as far as it is needed. */
interface Model {
  get(name: "terms"): Terms;
  on(event: "msg:custom", listener: (message: Json) => void): void;
  off(event: "msg:custom", listener: (message: Json) => void): void;
  send(message: Json): void;
}

/** What a page knows of a share: what to paste, or null where that was shown elsewhere. */
class Offer extends EventTarget {
  secret: Secret | null | undefined;
  #model: Model;

  constructor(model: Model) {
    super();
    this.#model = model;
    model.on("msg:custom", this.#receive);
    try {
      model.send({ livestate: "share" });
    } catch {
      this.secret = null; // the kernel has gone
    }
  }

  end(): void {
    this.#model.off("msg:custom", this.#receive);
  }

  #receive = (message: Json): void => {
    // What another page was told is told to all; this one keeps what it got.
    if (message.livestate !== "share" || this.secret) return;
    this.secret = message.secret;
    this.dispatchEvent(new Event("change"));
  };
}

/** By the shares' ids: anywidget gives each view a model object of its own. */
const offers = new Map<string, Offer>();

/** Milliseconds after which no answer is taken for that of a kernel which has gone. */
const LATE_MS = 3_000;
/** Hosts that other machines cannot reach by that name. */
const LOCAL = /^(localhost|127\..*|\[::1\])$/;

const styles = css`
  .card {
    padding: 0.8em 1em;
    border: 1px solid var(--_soft-line);
    border-radius: var(--_radius);
  }
  .paste {
    position: relative;
  }
  pre {
    max-height: 20em;
    padding-right: 6em;
    white-space: pre-wrap;
    word-break: break-all;
  }
  .paste button {
    position: absolute;
    top: 0.5em;
    right: 0.5em;
    background: var(--jp-layout-color1, Canvas);
  }
  .note {
    color: var(--_muted);
  }
`;

/** Shows an offer in a node, until it ends. */
function show(offer: Offer, terms: Terms, node: HTMLElement): () => void {
  const host = document.createElement("div");
  host.className = "livestate-card";
  const root = host.attachShadow({ mode: "open" });
  adoptStyles(root, [theme, styles]);
  let isLate = false;
  let said = "";
  const copy = async () => {
    said = await copied(root.querySelector("pre") as HTMLElement);
    draw();
  };
  const draw = () => render(card(terms, offer.secret, isLate, said, copy), root);
  const timer = setTimeout(() => {
    isLate = true;
    draw();
  }, LATE_MS);
  offer.addEventListener("change", draw);
  draw();
  const releaseKeys = claimKeys(host);
  node.replaceChildren(host);
  return () => {
    clearTimeout(timer);
    offer.removeEventListener("change", draw);
    releaseKeys();
    host.remove();
  };
}

function card(
  terms: Terms,
  secret: Secret | null | undefined,
  isLate: boolean,
  said: string,
  copy: () => void,
): unknown {
  const until = new Date(terms.expires * 1000);
  const when = until.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const ends = until.getTime() < Date.now() ? `ended ${when}` : `until ${when}`;
  return html`<section class="card" aria-label=${`Share of ${terms.topic}`}>
    <p><strong>Share of <code>${terms.topic}</code>, ${ends}</strong></p>
    <p>${whoOf(terms)} may join it and ${rightsOf(terms)}.</p>
    ${secret ? paste(terms, secret, said, copy) : nothing}
    ${secret === null || (!secret && isLate) ? html`<p class="note" role="note">${GONE}</p>` : nothing}
    <p class="note">To end it: <code>%livestate revoke ${terms.id}</code></p>
  </section>`;
}

const GONE =
  "What to paste was shown once, when the cell ran. Run the cell again for another token; this one holds on.";

function paste(terms: Terms, secret: Secret, said: string, copy: () => void): unknown {
  const page = serverUrl()?.href ?? location.href;
  const isLocal = LOCAL.test(mountUrl(secret, page).hostname);
  return html`<div class="paste">
      <pre tabindex="0" role="region" aria-label="HTML to paste">${htmlOf(terms, secret, page)}</pre>
      <button type="button" @click=${copy}>Copy</button>
      <span role="status" class="note">${said}</span>
    </div>
    <p class="note">
      Paste it into the page now: it is shown once, and saved nowhere. Whoever has its token may do
      the same.
    </p>
    ${isPattern(terms) ? html`<p>In <code>topic</code> put in which one.</p>` : nothing}
    ${isLocal ? html`<p>Only this machine reaches it there: for others give <code>url=</code>.</p>` : nothing}`;
}

function whoOf({ origins }: Terms): unknown {
  if (origins.includes("*")) return "Pages of any site";
  return html`Pages of ${listed(origins)}`;
}

function rightsOf({ events }: Terms): unknown {
  if (events === "*") return "dispatch any event";
  return events.length > 0 ? html`dispatch ${listed(events)}` : "only read";
}

function listed(names: readonly string[]): unknown {
  return names.map((name, at) => html`${at > 0 ? ", " : ""}<code>${name}</code>`);
}

/** Copies what a node shows; where the page may not, it is selected. Returns what to say of it. */
async function copied(node: HTMLElement): Promise<string> {
  try {
    await navigator.clipboard.writeText(node.textContent ?? "");
    return "Copied.";
  } catch {
    getSelection()?.selectAllChildren(node);
    return "This page may not copy: press Ctrl+C.";
  }
}

type Props = RenderProps;

export default {
  initialize({ model }: Pick<Props, "model">) {
    const own = model as unknown as Model;
    const { id } = own.get("terms");
    const offer = new Offer(own);
    offers.set(id, offer);
    return () => {
      offers.delete(id);
      offer.end();
    };
  },
  render({ model, el }: Pick<Props, "model" | "el">) {
    const terms = (model as unknown as Model).get("terms");
    return show(offers.get(terms.id) as Offer, terms, el);
  },
} satisfies AnyWidget;
