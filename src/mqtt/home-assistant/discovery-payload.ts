/**
 * Discovery payload of one device, as Home Assistant 2024.11 and newer read it from `<prefix>/device/<id>/config`
 * (https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload).
 */
export interface DevicePayload {
  readonly device: Readonly<Record<string, string | readonly string[]>>;
  readonly origin: { readonly name: string; readonly sw_version: string };
  readonly availability?: readonly Availability[];
  readonly components: Readonly<Record<string, Component>>;
}

export interface Availability {
  readonly topic: string;
  readonly payload_available?: string;
  readonly payload_not_available?: string;
}

/** An entity. One that has only its platform is taken back. */
export interface Component {
  readonly platform: string;
  readonly [key: string]: unknown;
}

export const ORIGIN = 'Ocellus';

/** One id of several, each of which starts with a letter or digit: `_` within one is doubled, so that no two lists give the same. */
export function joined(...parts: readonly string[]): string {
  return parts.map((part) => part.replaceAll('_', '__').replaceAll(/[^A-Za-z0-9_-]/g, hexOf)).join('_');
}

/** Text as part of an entity id. */
export function slug(text: string): string {
  return text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_');
}

/** A name as people read it: `front_door` is `Front door`. */
export function title(id: string): string {
  const words = id.replaceAll(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function hexOf(character: string): string {
  return `_-${character.codePointAt(0)!.toString(16)}-`;
}
