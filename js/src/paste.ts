/**
 * The HTML that joins topics from another site's page, by a share.
 * It knows nothing of notebooks, nor of how a share came here.
 */

/** What everybody may know of a share. */
export interface Terms {
  id: string;
  /** A topic, or a prefix and a star. */
  topic: string;
  /** The events that may be dispatched. */
  events: readonly string[] | "*";
  /** The origins of the pages that may use it; "*" for all. */
  origins: readonly string[];
  /** Seconds since the epoch. */
  expires: number;
  /** The tag of the element that shows the topic; "" for none. */
  element: string;
}

/** What is shown once. */
export interface Secret {
  token: string;
  /** The path of the server's public mount. */
  mount: string;
  /** The path of the element's module. */
  script: string | null;
  /** Where outsiders reach the server; "" where this page does. */
  url: string;
}

/** Does a topic stand for many? Then the HTML needs one in its place. */
export function isPattern({ topic }: Terms): boolean {
  return topic.endsWith("*");
}

/**
 * Returns the address of the server's public mount.
 * @param page where this page reaches the server
 */
export function mountUrl({ mount, url }: Secret, page: string): URL {
  if (!url) return new URL(mount, page);
  return new URL(`${url.replace(/\/+$/, "")}/livestate/public`);
}

/**
 * Returns the HTML to paste.
 * @param page where this page reaches the server
 */
export function htmlOf({ topic, element }: Terms, secret: Secret, page: string): string {
  const mount = mountUrl(secret, page);
  const socket = mount.href.replace(/^http/, "ws");
  if (element && secret.script !== null) {
    const script = mount.href + secret.script.slice(secret.mount.length);
    return `<script type="module" src="${attribute(script)}"></script>
<${element}
  url="${attribute(socket)}"
  topic="${attribute(topic)}"
  share="${attribute(secret.token)}"
></${element}>`;
  }
  return `<script type="module">
  import { LiveState } from ${literal(new URL("static/livestate.js", mount).href)};

  const live = new LiveState({
    url: ${literal(socket)},
    topic: ${literal(topic)},
    share: ${literal(secret.token)},
  });
  live.addEventListener("livestate-change", () => console.log(live.state));
  live.connect();
</script>`;
}

function attribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}

/** Returns a text as it stands in a script of a page. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll("<", "\\u003c");
}
