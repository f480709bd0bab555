import { expect, it } from "vitest";
import { Source } from "../src/source";
import { firstPlace, remember, stackName, trace } from "../src/trace";

const BLOB = "blob:http://localhost:8888/1b9d6bcd";
const source = new Source("todo-list.js", "import 'lit';\nclass A {\n  render() { nope(); }\n}", [
  { start: 8, stop: 11, text: "blob:library" },
]);
remember(source, stackName("todo-list.js"), BLOB);

const failed = (...stack: string[]) =>
  Object.assign(new Error("nope"), { stack: stack.join("\n") });

it("a stack leads to the module, whichever way browsers write it", () => {
  for (const stack of [
    ["Error: nope", "    at A.render (todo-list.js:3:14)"],
    ["Error: nope", "    at todo-list.js:3:14"],
    ["Error: nope", "    at async todo-list.js:3:14"],
    [`render@${BLOB}:3:14`, `update@${BLOB}:9:9`],
    ["render@todo-list.js:3:14"],
    [
      "Error: nope",
      "    at Lit.commit (http://host/lit.js:1:9)",
      "    at A.render (todo-list.js:3:14)",
    ],
  ]) {
    const error = failed(...stack);
    expect(trace(error), stack.join()).toEqual({ source, place: { line: 3, column: 14 } });
    expect(firstPlace(error)).toBe("todo-list.js, line 3, column 14\nrender() { nope(); }");
  }
});

it("another stack is told by its first place, and no stack by none", () => {
  const error = failed("Error: nope", "    at f (http://host/a.js:1:2)", "    at g (b.js:3:4)");
  expect(firstPlace(error)).toBe("f (http://host/a.js:1:2)");
  expect(firstPlace(failed("Error: nope"))).toBe("");
  expect(firstPlace("nope")).toBe("");
});

it("a module that is loaded again has a name of its own in stacks, and the same in messages", () => {
  const [first, second] = [new Source("clock.js", "f();"), new Source("clock.js", "\ng();")];
  remember(first, stackName("clock.js"));
  const name = stackName("clock.js");
  remember(second, name);
  expect(name).toBe("clock.js?2");
  expect(firstPlace(failed(`at ${name}:2:1`))).toBe("clock.js, line 2, column 1\ng();");
  expect(firstPlace(failed("at clock.js:1:1"))).toBe("clock.js, line 1, column 1\nf();");
});
