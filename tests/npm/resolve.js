// Find modules as bundlers do. phx-live-state is published for bundlers: its files say neither that
// they are ES modules nor the full names of what they import, and node insists on both.

const FOR_BUNDLERS = /\/node_modules\/(phx-live-state[^/]*|json-joy)\//;
const ENDINGS = ["", ".js", "/index.js"];

export async function resolve(specifier, context, next) {
  let first;
  for (const ending of ENDINGS) {
    try {
      const found = await next(specifier + ending, context);
      return FOR_BUNDLERS.test(found.url) ? { ...found, format: "module" } : found;
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}
