/**
 * Where the page's Jupyter server is, by the config that JupyterLab, Notebook and Voila put into
 * their pages. Other hosts (VS Code, Colab) have none. It knows nothing of connections.
 */

import { isObject, type Json } from "./json";

/** Returns the address of the page's server with its base_url, or undefined if the page has none. */
export function serverUrl(): URL | undefined {
  const { baseUrl } = pageConfig();
  if (typeof baseUrl !== "string") return undefined;
  const url = new URL(baseUrl, location.href);
  url.pathname = url.pathname.replace(/\/?$/, "/");
  return url;
}

/**
 * Returns the address of the WebSocket that is bound to a kernel, or undefined if this page does
 * not say where its server is.
 */
export function kernelSocketUrl(kernel: string): string | undefined {
  const { baseUrl, wsUrl } = pageConfig();
  const url = kernelUrl(wsUrl || baseUrl, kernel, "websocket");
  if (!url) return undefined;
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("vsn", "2.0.0");
  return url.href;
}

/** Returns the request by which the page's server tells what widgets a kernel shows, or undefined. */
export function kernelWidgetsRequest(kernel: string): Request | undefined {
  const url = kernelUrl(pageConfig().baseUrl, kernel, "widgets");
  return url && new Request(url, { headers: url.host === location.host ? xsrfHeaders() : {} });
}

/** The cookie authenticates; to a server on another host the page's token does, as in JupyterLab. */
function kernelUrl(base: Json, kernel: string, what: string): URL | undefined {
  if (typeof base !== "string") return undefined;
  const { token } = pageConfig();
  const url = new URL(base, location.href);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/livestate/kernels/${kernel}/${what}`;
  if (token && url.host !== location.host) url.searchParams.set("token", token);
  return url;
}

/** Returns whether the page's reader can run its cells again: Voila shows their outputs only. */
export function hasCells(): boolean {
  return pageConfig().appUrl !== "voila/";
}

/** Says that a page of the server asks: servers of JupyterHub take no cookie of `fetch` without. */
function xsrfHeaders(): HeadersInit {
  const [, token] = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie) ?? [];
  return token ? { "X-XSRFToken": token } : {};
}

function pageConfig(): Record<string, Json> {
  const text = document.getElementById("jupyter-config-data")?.textContent;
  if (!text) return {};
  try {
    const config = JSON.parse(text);
    return isObject(config) ? config : {};
  } catch {
    return {};
  }
}
