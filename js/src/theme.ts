/**
 * What elements look like without CSS of their own: as the Jupyter theme around them, or else as
 * the page. Its selectors have no specificity, so that any rule of an element wins.
 */

import { css } from "lit";

/**
 * Outside Jupyter there are no `--jp-*` variables: then text keeps the page's colour, and lines
 * and surfaces are mixed from it, which is legible on whatever background the page has.
 */
export const theme = css`
  :host {
    --_line: var(--jp-border-color1, color-mix(in srgb, currentColor 30%, transparent));
    --_soft-line: var(--jp-border-color2, color-mix(in srgb, currentColor 16%, transparent));
    --_surface: var(--jp-layout-color1, transparent);
    --_raised: var(--jp-layout-color2, color-mix(in srgb, currentColor 8%, transparent));
    --_field-line: color-mix(in srgb, currentColor 45%, transparent);
    --_muted: color-mix(in srgb, currentColor 68%, transparent);
    --_accent: var(--jp-brand-color1, #2b7de0);
    --_link: var(--jp-content-link-color, LinkText);
    --_wrong: color-mix(in srgb, var(--jp-error-color1, #d32f2f) 80%, currentColor);
    --_radius: var(--jp-border-radius, 4px);
    --_code: var(--jp-code-font-family, ui-monospace, monospace);
    display: block;
    color: var(--jp-content-font-color1, inherit);
    font-family: var(--jp-content-font-family, inherit);
    font-size: var(--jp-content-font-size1, inherit);
    line-height: 1.5;
    accent-color: var(--_accent);
  }

  :where(*) {
    box-sizing: border-box;
  }

  :where(h1, h2, h3, h4, h5, h6) {
    margin: 0.8em 0 0.4em;
    line-height: 1.25;
    font-weight: 600;
  }
  :where(h1) {
    font-size: 1.6em;
  }
  :where(h2) {
    font-size: 1.35em;
  }
  :where(h3) {
    font-size: 1.15em;
  }
  :where(h4, h5, h6) {
    font-size: 1em;
  }
  :where(p, ul, ol, dl, table, form, fieldset, pre, blockquote) {
    margin: 0.6em 0;
  }
  :where(:is(h1, h2, h3, h4, h5, h6, p, ul, ol, dl, table, form, fieldset, pre):first-child) {
    margin-top: 0;
  }
  :where(:is(p, ul, ol, dl, table, form, fieldset, pre):last-child) {
    margin-bottom: 0;
  }
  :where(ul, ol) {
    padding-left: 1.6em;
  }
  :where(li) {
    margin: 0.2em 0;
  }
  :where(dt) {
    font-weight: 600;
  }
  :where(dd) {
    margin: 0 0 0.4em 1.6em;
  }
  :where(hr) {
    border: 0;
    border-top: 1px solid var(--_soft-line);
  }
  :where(a) {
    color: var(--_link);
  }
  :where(small, figcaption, caption) {
    color: var(--_muted);
  }
  :where(code, pre, kbd, samp) {
    font-family: var(--_code);
    font-size: 0.93em;
  }
  :where(code, kbd) {
    padding: 0.1em 0.3em;
    border-radius: var(--_radius);
    background: var(--_raised);
  }
  :where(pre) {
    padding: 0.6em 0.8em;
    overflow: auto;
    border-radius: var(--_radius);
    background: var(--_raised);
  }
  :where(pre code) {
    padding: 0;
    background: none;
  }

  :where(table) {
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  :where(th, td) {
    padding: 0.3em 0.8em;
    border-bottom: 1px solid var(--_soft-line);
    text-align: left;
    vertical-align: top;
  }
  :where(thead th) {
    border-bottom-color: var(--_line);
    font-weight: 600;
  }

  :where(button, input, select, textarea) {
    margin: 0;
    color: inherit;
    font: inherit;
    line-height: 1.4;
  }
  :where(input:not([type]), input, select, textarea) {
    padding: 0.3em 0.6em;
    min-height: 2.15em;
    border: 1px solid var(--_field-line);
    border-radius: var(--_radius);
    background: var(--_surface);
  }
  :where(textarea) {
    min-height: 4.5em;
    vertical-align: top;
  }
  :where(select option) {
    background: var(--jp-layout-color1, Canvas);
    color: var(--jp-ui-font-color1, CanvasText);
  }
  :where(input[type="checkbox"], input[type="radio"]) {
    width: 1.05em;
    height: 1.05em;
    min-height: 0;
    padding: 0;
    vertical-align: -0.15em;
  }
  :where(input[type="range"], input[type="color"], input[type="file"]) {
    padding: 0;
    border: 0;
    background: none;
    vertical-align: middle;
  }
  :where(input[type="color"]) {
    width: 2.6em;
    height: 1.9em;
  }
  ::placeholder {
    color: var(--_muted);
    opacity: 1;
  }
  :where(button, input[type="submit"], input[type="button"], input[type="reset"]) {
    min-height: 2.15em;
    padding: 0.3em 0.9em;
    border: 1px solid var(--_field-line);
    border-radius: var(--_radius);
    background: var(--_raised);
    cursor: pointer;
  }
  :where(button, input[type="submit"]):where(:hover:not(:disabled)) {
    border-color: currentColor;
  }
  :where(button, input[type="submit"]):where(:active:not(:disabled)) {
    background: var(--_soft-line);
  }
  :where(:disabled, [aria-disabled="true"]) {
    opacity: 0.5;
    cursor: not-allowed;
  }
  :where(:focus-visible) {
    outline: 2px solid var(--_accent);
    outline-offset: 1px;
  }

  :where(form) {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0.6em;
  }
  :where(label) {
    display: inline-flex;
    align-items: center;
    gap: 0.5em;
  }
  :where(fieldset) {
    padding: 0.6em 0.8em;
    border: 1px solid var(--_soft-line);
    border-radius: var(--_radius);
  }
  :where(progress) {
    width: 16em;
    max-width: 100%;
    vertical-align: middle;
  }
  :where(img, video, canvas, svg) {
    max-width: 100%;
  }
`;
