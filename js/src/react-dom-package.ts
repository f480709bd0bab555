/** react-dom/client with its names; see react-package.ts. */

export { createRoot, hydrateRoot } from "react-dom/client";
