// @vitest-environment node
/** The npm package as others get it: packed, and installed in an empty folder. */

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build, type Metafile } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const JS = join(import.meta.dirname, "..");
const TSC = join(JS, "node_modules/.bin/tsc");

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "livestate-nb-"));
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: JS,
  });
  // What the scripts say stands in front of it.
  const [{ filename }] = JSON.parse(stdout.slice(stdout.search(/^\[/m)));
  await write("package.json", JSON.stringify({ name: "example", private: true, type: "module" }));
  const options = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await run("npm", ["install", ...options, `./${filename}`], { cwd: folder });
}, 120_000);

afterAll(() => rm(folder, { recursive: true }));

function write(name: string, text: string): Promise<void> {
  return writeFile(join(folder, name), text);
}

/** Type checks files as others may, declarations of libraries too; returns what tsc says. */
async function check(files: string[], options: object = {}): Promise<string> {
  const compilerOptions = {
    target: "es2022",
    lib: ["es2023", "dom", "dom.iterable"],
    module: "nodenext",
    strict: true,
    noEmit: true,
    types: [],
    ...options,
  };
  await write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  return run(TSC, ["-p", folder]).then(
    ({ stdout }) => stdout,
    ({ stdout }) => stdout,
  );
}

/** Bundles a file; returns what of it comes from where, in bytes by package, and its gzipped size. */
async function bundle(name: string): Promise<{ packages: Record<string, number>; size: number }> {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(folder, name)],
    absWorkingDir: folder,
    bundle: true,
    minify: true,
    format: "esm",
    metafile: true,
    write: false,
    outdir: folder,
  });
  const [output] = Object.values((metafile as Metafile).outputs);
  const packages: Record<string, number> = {};
  for (const [path, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
    const name = path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1];
    if (name && bytesInOutput > 0) packages[name] = (packages[name] ?? 0) + bytesInOutput;
  }
  return { packages, size: gzipSync(outputFiles[0]?.contents ?? "").length };
}

const EXAMPLE = `
import { html } from "lit";
import { LiveController, LiveElement, LiveState, connectElement } from "livestate-nb";
import Default from "livestate-nb";

interface TodosState { items: string[] }
interface TodosEvents { add_todo: { title: string }; clear: Record<string, never> }
interface TodosReplies { added: { id: number } }

export class TodoList extends LiveElement<TodosState, TodosEvents, TodosReplies> {
  count = this.live.select((state) => state.items.length);
  override render(state: TodosState) {
    this.live.on("added", ({ id }) => id.toFixed());
    return html\`\${this.count.value?.toFixed()} \${state.items.map((item) => item.trim())}
      <form @submit=\${this.live.submit("add_todo")}></form>\`;
  }
}
customElements.define("todo-list", TodoList);

const todos = new LiveState<TodosState, TodosEvents, TodosReplies>({ url: "wss://host", topic: "t" });
todos.addEventListener("livestate-change", ({ detail }) => detail.state.items.length);
todos.addEventListener("added", ({ detail }) => detail.id.toFixed());
todos.dispatch("add_todo", { title: "milk" });
todos.dispatch("clear");
new TodoList().liveState = todos;
connectElement(todos, document.body, { properties: ["items"] });

const any: LiveState = new Default({ url: "wss://host", topic: "t" });
any.dispatch("whatever", { n: 1 });
any.addEventListener("whatever", ({ detail }) => detail.n);
export { LiveController };
`;

const UI = `
import { html } from "lit";
import { LiveElement } from "livestate-nb";
import { Control, type Path, Part, type Plan, layout } from "livestate-nb/ui";

const plan: Plan = { kind: "column", children: [{ kind: "text", path: ["title"], on: "rename" }] };
customElements.define("my-layout", layout(plan));

class Badge extends Part {
  protected override get paths(): readonly Path[] {
    return [this.path, "total"];
  }
  override show(value: string) {
    return html\`<strong>\${value}</strong>\`;
  }
}
class Star extends Control {
  override show(isOn: boolean) {
    return html\`<button @click=\${() => this.send(!isOn)}>\${isOn ? "★" : "☆"}</button>\`;
  }
}
class Page extends LiveElement {
  override render() {
    return html\`<livestate-table path="rows"></livestate-table>\`;
  }
}
export { Badge, Page, Star };
`;

describe("the package", () => {
  it.each([{ module: "nodenext" }, { module: "esnext", moduleResolution: "bundler" }])(
    "compiles in an application with %o",
    async (options) => {
      await write("example.ts", EXAMPLE);
      await write("ui.ts", UI);
      expect(await check(["example.ts", "ui.ts"], options)).toBe("");
    },
    30_000,
  );

  it("does not compile with a wrong name", async () => {
    const wrong = [
      ['todos.dispatch("add_todo", { titel: "milk" });', "titel"],
      ['todos.dispatch("add_todo");', "Expected 2-3 arguments"],
      ['todos.dispatch("ad_todo", { title: "milk" });', "ad_todo"],
      ['todos.on("added", ({ ID }) => ID);', "ID"],
      ["todos.state?.itmes;", "itmes"],
      ['new TodoList().live.submit("sumbit");', "sumbit"],
      ["new TodoList().live.select((state) => state.itmes);", "itmes"],
    ];
    const files = wrong.map((_, n) => `wrong${n}.ts`);
    await Promise.all(wrong.map(([line], n) => write(`wrong${n}.ts`, `${EXAMPLE}${line}`)));
    const errors = (await check(files)).trim().split("\n");
    expect(errors).toHaveLength(wrong.length);
    for (const [n, [, name]] of wrong.entries()) {
      expect(errors).toContainEqual(
        expect.stringMatching(new RegExp(`wrong${n}.ts.*error TS.*${name}`)),
      );
    }
  }, 30_000);

  it("leaves Lit and the elements out of a bundle that only imports LiveState", async () => {
    await write("small.js", 'import { LiveState } from "livestate-nb"; window.live = LiveState;');
    await write("same.js", 'import LiveState from "livestate-nb"; window.live = LiveState;');
    const { packages, size } = await bundle("small.js");
    expect(Object.keys(packages).sort()).toEqual(["livestate-nb", "phoenix"]);
    expect(size).toBeLessThan(14_500);
    expect((await bundle("same.js")).size).toBeLessThan(size + 10);
  });

  it("leaves Lit out for plain elements as well", async () => {
    const names = "connectElement, liveState, liveStateConfig, liveStateProperty";
    await write("plain.js", `import { ${names} } from "livestate-nb"; window.all = [${names}];`);
    const { packages, size } = await bundle("plain.js");
    expect(Object.keys(packages).sort()).toEqual(["livestate-nb", "phoenix"]);
    expect(size).toBeLessThan(16_700);
  });

  it("brings the stock elements, and loads what few of them need when it is needed", async () => {
    await write("elements.js", 'import "livestate-nb/ui";');
    const { outputFiles, metafile } = await build({
      entryPoints: [join(folder, "elements.js")],
      absWorkingDir: folder,
      bundle: true,
      minify: true,
      splitting: true,
      format: "esm",
      metafile: true,
      write: false,
      outdir: join(folder, "out"),
    });
    expect(outputFiles.map(({ text }) => text).join("")).toContain("livestate-${"); // their tags
    const outputs = Object.entries(metafile.outputs);
    const first = outputs.find(([path]) => path.endsWith("/elements.js"))?.[1];
    const needed = [...(first?.imports ?? [])].filter(({ kind }) => kind === "dynamic-import");
    expect(needed).toHaveLength(3); // the grid, the plot and Markdown
    const all = Object.keys(metafile.inputs).join();
    const start = Object.keys(first?.inputs ?? {}).join();
    for (const name of ["marked", "dompurify", "uplot"]) {
      expect(all).toContain(`node_modules/${name}/`);
      expect(start).not.toContain(`node_modules/${name}/`);
    }
  });

  it("shares the application's Lit", async () => {
    await write("example.ts", EXAMPLE);
    const { packages } = await bundle("example.ts");
    expect(packages).toHaveProperty("lit-html");
    expect(await readdir(join(folder, "node_modules/livestate-nb"))).not.toContain("node_modules");
  });

  it("is imported by node as it is", async () => {
    const program = `import * as all from "livestate-nb";
      console.log(JSON.stringify([all.default === all.LiveState, Object.keys(all)]));`;
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", program], {
      cwd: folder,
    });
    const [isDefault, names] = JSON.parse(stdout);
    expect(isDefault).toBe(true);
    expect(names).toContain("LiveElement");
  });

  it("has a declaration for each module, a licence and a page that says what it is", async () => {
    const root = join(folder, "node_modules/livestate-nb");
    const files = await readdir(join(root, "dist"), { recursive: true });
    const modules = files.filter((file) => file.endsWith(".js"));
    expect(modules.length).toBeGreaterThan(10);
    for (const module of modules) expect(files).toContain(module.replace(/js$/, "d.ts"));
    expect(files).toContain("LICENSE");
    expect(await readFile(join(root, "README.md"), "utf8")).toContain("npm install livestate-nb");
  });
});
