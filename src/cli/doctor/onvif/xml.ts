import { DOMParser, type Element } from '@xmldom/xmldom';
import { OcellusError } from '../../../base/errors.ts';

/** Answers of cameras are a few KiB; what is larger is not one. */
export const XML_LIMIT_BYTES = 1 << 20;

/**
 * Parses an answer of a stranger. A document type, which is all that entities can come from, is refused unread.
 * @throws OcellusError `data_invalid`
 */
export function parseXml(text: string): Element {
  if (text.length > XML_LIMIT_BYTES) throw invalid('is larger than 1 MiB');
  if (/<!DOCTYPE|<!ENTITY/i.test(text)) throw invalid('declares a document type');
  let fault: string | undefined;
  try {
    const document = new DOMParser({
      onError: (level, message) => {
        if (level !== 'warning') fault ??= message;
      },
    }).parseFromString(text, 'text/xml');
    if (fault === undefined && document.documentElement !== null) return document.documentElement;
  } catch (error) {
    fault ??= error instanceof Error ? error.message : String(error);
  }
  throw invalid(`is no XML: ${fault ?? 'it is empty'}`);
}

/** Elements of that local name anywhere below, whatever their namespace: makers mix the versions of the schemas. */
export function elements(parent: Element, name: string): Element[] {
  return Array.from(parent.getElementsByTagNameNS('*', name));
}

/** The text of the first such element; undefined where there is none, or it is empty. */
export function textOf(parent: Element | undefined, name: string): string | undefined {
  return (parent && elements(parent, name)[0]?.textContent?.trim()) || undefined;
}

export function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function invalid(what: string): OcellusError {
  return new OcellusError('data_invalid', `the answer ${what}`, {
    hint: 'is this address a camera with ONVIF?',
  });
}
