import { OcellusError } from '../base/errors.ts';

/** An element with its text, without attributes, which annotations do not use. */
export interface XmlElement {
  readonly name: string;
  /** Text directly inside, trimmed. */
  text: string;
  readonly children: XmlElement[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const MAX_DEPTH = 64;
/** A comment, CDATA, declaration, doctype without an inner part, or tag; or the text before the next one. */
const TOKEN =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<![^>[]*>|<(\/?)([^\s/>!?]+)(?:"[^"]*"|'[^']*'|[^>"'])*?(\/?)>|[^<]+/y;

/**
 * Reads the XML of annotation files: elements, text, comments, CDATA and the five entities. No document type with
 * declarations of its own, so that nothing in a file can grow when it is read.
 *
 * @returns the root element
 * @throws OcellusError `data_invalid` with the line
 */
export function parseXml(text: string, name: string): XmlElement {
  const document: XmlElement = { name: '', text: '', children: [] };
  const open = [document];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const at = TOKEN.lastIndex;
    const token = TOKEN.exec(text);
    if (token === null) throw malformed(text, at, name, 'something that is no tag starts here');
    const [whole, cdata, slash, tag, selfClosing] = token;
    const inside = open.at(-1)!;
    if (tag === undefined) {
      inside.text += cdata ?? (whole.startsWith('<') ? '' : decode(whole));
    } else if (slash === '/') {
      if (open.length === 1 || inside.name !== tag)
        throw malformed(text, at, name, `</${tag}> closes nothing`);
      inside.text = inside.text.trim();
      open.pop();
    } else {
      const element: XmlElement = { name: tag, text: '', children: [] };
      inside.children.push(element);
      if (selfClosing !== '/') open.push(element);
      if (open.length > MAX_DEPTH) throw malformed(text, at, name, 'elements are nested too deep');
    }
  }
  if (open.length > 1) throw malformed(text, text.length, name, `<${open.at(-1)!.name}> is not closed`);
  const [root] = document.children;
  if (root === undefined) throw malformed(text, 0, name, 'there is no element');
  return root;
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-fA-F]+)|(\w+));/g, (whole, decimal, hex, entity) => {
    const code =
      decimal !== undefined ? Number(decimal) : hex !== undefined ? Number.parseInt(hex, 16) : undefined;
    if (code !== undefined) return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    return ENTITIES[entity] ?? whole;
  });
}

function malformed(text: string, at: number, name: string, what: string): OcellusError {
  const line = text.slice(0, at).split('\n').length;
  return new OcellusError('data_invalid', `${name}:${line}: ${what}`, {
    hint: 'give one well-formed Pascal VOC annotation per .xml file',
  });
}
