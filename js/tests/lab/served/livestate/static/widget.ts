/** What a server gives of the widget, as it stands in the sources. */
export { default } from "../../../../../src/widget";
