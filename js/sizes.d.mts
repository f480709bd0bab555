/** Returns the bytes that pages load of what was built below `root`, gzipped, by what they are. */
export function sizes(
  root: string,
): Record<
  | "card"
  | "loader"
  | "widget, first load"
  | "livestate.js"
  | "livestate-nb/ui.js"
  | "served.js"
  | "widget, all in one file",
  number
>;
