/** A STUN or TURN server, as `RTCPeerConnection` takes it. */
export interface IceServer {
  readonly urls: string;
  readonly username?: string;
  readonly credential?: string;
}

/** The servers that a WHEP answer names in its Link headers (RFC 9725, 4.6), joined by commas as `fetch` gives them. */
export function iceServersOf(link: string | null): IceServer[] {
  return [...(link ?? '').matchAll(/<([^>]*)>((?:\s*;\s*[\w-]+=(?:"(?:\\.|[^"\\])*"|[^\s;,]+))*)/g)].flatMap(
    ([, urls = '', parameters = '']) => {
      const of = parametersOf(parameters);
      if (of.get('rel') !== 'ice-server') return [];
      const [username, credential] = [of.get('username'), of.get('credential')];
      return [
        {
          urls,
          ...(username !== undefined && { username }),
          ...(credential !== undefined && { credential }),
        },
      ];
    },
  );
}

function parametersOf(text: string): ReadonlyMap<string, string> {
  const pairs = text.matchAll(/;\s*([\w-]+)=(?:"((?:\\.|[^"\\])*)"|([^\s;,]+))/g);
  return new Map(
    [...pairs].map(([, name = '', quoted, plain]) => [name, quoted?.replace(/\\(.)/g, '$1') ?? plain ?? '']),
  );
}
