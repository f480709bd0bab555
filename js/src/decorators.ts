/**
 * Decorators that connect elements, in both standards: TypeScript's `experimentalDecorators` and
 * TC39's. It knows nothing of how an element is tied to a LiveState.
 */

import { Attachment } from "./attachment";
import type { Selector } from "./selection";
import { type LiveStateDecoratorOptions, ownSettings, type Settings } from "./settings";

/** The part of a custom element class that a decorator needs. */
interface ElementClass {
  prototype: HTMLElement & { connectedCallback?(): void; disconnectedCallback?(): void };
}

/** A decorator of a property, an accessor or a getter. */
type MemberDecorator = (
  target: unknown,
  member: string | symbol | ClassMemberDecoratorContext,
  // TypeScript gives it for accessors.
  descriptor?: PropertyDescriptor,
) => void;

const attachments = new WeakMap<HTMLElement, Attachment>();

/**
 * Class decorator: connects each element of the class while it is in a document, as
 * `connectElement` does, and disconnects it when it leaves; a LiveState that elements share is
 * disconnected with the last of them. Subclasses inherit the options, and may add to them.
 *
 * @throws Error if the class is defined as a custom element already, which is then too late
 *
 * @example
 * export @liveState({ url: "wss://host/livestate", topic: "todos:me", properties: ["items"] })
 * class TodoList extends HTMLElement {}
 * customElements.define("todo-list", TodoList);
 */
export function liveState(options: LiveStateDecoratorOptions) {
  return (target: ElementClass, _context?: ClassDecoratorContext): void => {
    const tag = customElements.getName(target as CustomElementConstructor);
    if (tag) {
      throw new Error(
        `<${tag}> is defined before @liveState can connect it: write @liveState under @customElement, and customElements.define after the class`,
      );
    }
    const { prototype } = target;
    const { connectedCallback, disconnectedCallback } = prototype;
    Object.assign(ownSettings(prototype).options, options);
    prototype.connectedCallback = function (this: HTMLElement) {
      connectedCallback?.call(this);
      attachmentOf(this).attach();
    };
    prototype.disconnectedCallback = function (this: HTMLElement) {
      disconnectedCallback?.call(this);
      attachmentOf(this).detach();
    };
  };
}

/**
 * Decorator of a property, an accessor or a getter: its value, when the element is connected, is a
 * part of the config, and takes precedence over the class's.
 *
 * @param name `url`, `topic`, `params`, `share`, `socketOptions`, or one of the params as `params.user`
 *
 * @example
 * class Greeting extends HTMLElement { @liveStateConfig("params.api_key") apiKey = "abc"; }
 */
export function liveStateConfig(name: string): MemberDecorator {
  return decorateMember((settings, member) => settings.config.set(name, member));
}

/**
 * Decorator of a property or an accessor: it follows the state.
 *
 * @param path where in the state it is, as `connectProperty` takes it; if left out, the member of
 *   the state with the property's name
 *
 * @example
 * class Count extends LitElement { @property() @liveStateProperty("items.length") accessor count = 0; }
 */
export function liveStateProperty(path?: Selector): MemberDecorator {
  return decorateMember((settings, member) => {
    const name = member as string;
    settings.properties.push(path ? { name, path } : name);
  });
}

/** Returns a decorator that adds to the settings: by the prototype or, with TC39's, the instance. */
function decorateMember(add: (settings: Settings, member: PropertyKey) => void): MemberDecorator {
  return (target, member) => {
    if (typeof member !== "object") {
      add(ownSettings(target as object), member);
      return;
    }
    const { name } = member;
    if (member.private) {
      throw new Error(
        `a private member such as ${String(name)} can't follow the state or configure it`,
      );
    }
    member.addInitializer(function (this: unknown) {
      add(ownSettings(this as object), name);
    });
  };
}

function attachmentOf(element: HTMLElement): Attachment {
  let attachment = attachments.get(element);
  if (!attachment) {
    attachment = new Attachment(element);
    attachments.set(element, attachment);
  }
  return attachment;
}
