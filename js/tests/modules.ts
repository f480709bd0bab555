/** Lets node, which can't import blob: URLs, import the modules that a browser would. */

import { vi } from "vitest";

/** The addresses that are valid now. */
export const urls = new Set<string>();

/** Makes URL.createObjectURL give data: URLs with the same content. */
export function stubBlobUrls(): void {
  const sources = new WeakMap<Blob, string>();
  vi.stubGlobal(
    "Blob",
    class extends Blob {
      constructor(parts: string[], options?: BlobPropertyBag) {
        super(parts, options);
        sources.set(this, parts.join(""));
      }
    },
  );
  URL.createObjectURL = (blob) => {
    const nonce = `/*${urls.size}*/`;
    const code = encodeURIComponent(sources.get(blob as Blob) + nonce);
    // In stacks, parentheses stand around addresses.
    const url = `data:text/javascript,${code.replaceAll("(", "%28").replaceAll(")", "%29")}`;
    urls.add(url);
    return url;
  };
  URL.revokeObjectURL = (url) => {
    urls.delete(url);
  };
}
