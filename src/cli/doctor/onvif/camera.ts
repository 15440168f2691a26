import { createHash, randomBytes } from 'node:crypto';
import type { Element } from '@xmldom/xmldom';
import type { Clock } from '../../../base/clock.ts';
import { OcellusError } from '../../../base/errors.ts';
import { type FoundDevice, isAt } from './discovery.ts';
import { elements, escapeXml, parseXml, textOf, XML_LIMIT_BYTES } from './xml.ts';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** One of the streams that a camera offers. */
export interface CameraProfile {
  readonly name: string;
  readonly codec: string | null;
  readonly widthPx: number | null;
  readonly heightPx: number | null;
  readonly fps: number | null;
  /** Pictures from keyframe to keyframe. */
  readonly keyframeInterval: number | null;
  /** As the camera says it, without credentials. */
  readonly url: string;
}

const CALL_DEADLINE_MS = 5_000;
const MOST_PROFILES = 16;
const DEVICE = 'http://www.onvif.org/ver10/device/wsdl';
const MEDIA = 'http://www.onvif.org/ver10/media/wsdl';

/** Reads the profiles of a camera: ONVIF Core and Media (version 1), SOAP 1.2, WS-UsernameToken with a digest. */
export class OnvifCamera {
  readonly #device: FoundDevice;
  readonly #credentials: Credentials;
  readonly #clock: Clock;
  /** Of the camera's clock before ours. */
  #offsetMs = 0;

  constructor(device: FoundDevice, credentials: Credentials, clock: Clock) {
    this.#device = device;
    this.#credentials = credentials;
    this.#clock = clock;
  }

  /** How far the camera's clock is ahead, ms; known after `profiles`. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** @throws OcellusError `io_failed`, `data_invalid` */
  async profiles(): Promise<CameraProfile[]> {
    await this.#readClock();
    const media = await this.#mediaUrl();
    const answer = await this.#call(media, `<GetProfiles xmlns="${MEDIA}"/>`);
    const profiles: CameraProfile[] = [];
    for (const profile of elements(answer, 'Profiles').slice(0, MOST_PROFILES)) {
      const token = profile.getAttribute('token');
      const encoder = elements(profile, 'VideoEncoderConfiguration')[0];
      if (token === null || token === '' || encoder === undefined) continue;
      profiles.push({
        name: textOf(profile, 'Name') ?? token,
        codec: textOf(encoder, 'Encoding')?.toLowerCase() ?? null,
        widthPx: wholeNumber(textOf(encoder, 'Width')),
        heightPx: wholeNumber(textOf(encoder, 'Height')),
        fps: wholeNumber(textOf(encoder, 'FrameRateLimit')),
        keyframeInterval: wholeNumber(textOf(encoder, 'GovLength')),
        url: await this.#streamUrl(media, token),
      });
    }
    return profiles;
  }

  /** Everybody may ask for the time: a digest with ours would be refused by a camera whose clock is wrong. */
  async #readClock(): Promise<void> {
    const answer = await this.#call(this.#device.url, `<GetSystemDateAndTime xmlns="${DEVICE}"/>`, false);
    const utc = elements(answer, 'UTCDateTime')[0];
    const [year, month, day, hour, minute, second] = ['Year', 'Month', 'Day', 'Hour', 'Minute', 'Second'].map(
      (part) => Number(textOf(utc, part) ?? Number.NaN),
    );
    const atMs = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
    if (!Number.isNaN(atMs)) this.#offsetMs = atMs - this.#clock.wallMs();
  }

  async #mediaUrl(): Promise<string> {
    const body = `<GetCapabilities xmlns="${DEVICE}"><Category>Media</Category></GetCapabilities>`;
    const answer = await this.#call(this.#device.url, body);
    const url = textOf(elements(answer, 'Media')[0], 'XAddr');
    if (url === undefined) throw new OcellusError('data_invalid', 'the camera has no media service');
    if (!isAt(url, this.#device.address)) {
      throw new OcellusError('data_invalid', 'the camera names a media service at another address', {
        hint: 'set the address of the camera in its own network settings',
      });
    }
    return url;
  }

  async #streamUrl(media: string, token: string): Promise<string> {
    const setup =
      '<StreamSetup><Stream xmlns="http://www.onvif.org/ver10/schema">RTP-Unicast</Stream>' +
      '<Transport xmlns="http://www.onvif.org/ver10/schema"><Protocol>RTSP</Protocol></Transport></StreamSetup>';
    const body = `<GetStreamUri xmlns="${MEDIA}">${setup}<ProfileToken>${escapeXml(token)}</ProfileToken></GetStreamUri>`;
    const uri = textOf(await this.#call(media, body), 'Uri');
    if (uri === undefined || !URL.canParse(uri) || !/^rtsps?:/.test(uri)) {
      throw new OcellusError('data_invalid', `the camera has no RTSP address for the profile ${token}`);
    }
    const url = new URL(uri);
    url.username = '';
    url.password = '';
    return url.href;
  }

  /** @returns the body of the answer */
  async #call(url: string, body: string, signed = true): Promise<Element> {
    const header = signed ? `<s:Header>${this.#security()}</s:Header>` : '';
    const envelope =
      '<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope">' +
      `${header}<s:Body>${body}</s:Body></s:Envelope>`;
    const text = await post(url, envelope);
    const root = parseXml(text);
    const fault = elements(root, 'Fault')[0];
    if (fault !== undefined)
      throw refusal(textOf(fault, 'Text') ?? 'no reason given', fault.textContent ?? '');
    const [answer] = elements(root, 'Body');
    if (answer === undefined) throw new OcellusError('data_invalid', 'the answer has no body');
    return answer;
  }

  /** OASIS Web Services Security, UsernameToken Profile 1.0: Base64(SHA-1(nonce + created + password)). */
  #security(): string {
    const nonce = randomBytes(16);
    const created = new Date(this.#clock.wallMs() + this.#offsetMs).toISOString();
    const { username, password } = this.#credentials;
    const digest = createHash('sha1').update(nonce).update(created).update(password).digest('base64');
    const oasis = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss';
    return (
      `<Security s:mustUnderstand="1" xmlns="${oasis}-wssecurity-secext-1.0.xsd"><UsernameToken>` +
      `<Username>${escapeXml(username)}</Username>` +
      `<Password Type="${oasis}-username-token-profile-1.0#PasswordDigest">${digest}</Password>` +
      `<Nonce EncodingType="${oasis}-soap-message-security-1.0#Base64Binary">${nonce.toString('base64')}</Nonce>` +
      `<Created xmlns="${oasis}-wssecurity-utility-1.0.xsd">${created}</Created></UsernameToken></Security>`
    );
  }
}

async function post(url: string, body: string): Promise<string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/soap+xml; charset=utf-8' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(CALL_DEADLINE_MS),
    });
    if (response.status === 401) throw refusal('401 Unauthorized', 'NotAuthorized');
    return await limitedText(response);
  } catch (error) {
    if (error instanceof OcellusError) throw error;
    const hint = 'check the address, and that ONVIF is switched on in the camera';
    throw new OcellusError('io_failed', `${new URL(url).host} does not answer as ONVIF`, {
      cause: error,
      hint,
    });
  }
}

async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > XML_LIMIT_BYTES) throw new OcellusError('data_invalid', 'the answer is larger than 1 MiB');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusal(reason: string, fault: string): OcellusError {
  const unauthorized = /NotAuthorized|FailedAuthentication|not authorized/i.test(`${fault} ${reason}`);
  return new OcellusError('io_failed', `the camera refuses: ${reason.slice(0, 200)}`, {
    hint: unauthorized
      ? 'check user and password; many cameras have accounts for ONVIF of their own'
      : 'see whether ONVIF (profile S) is switched on in the camera',
  });
}

function wholeNumber(text: string | undefined): number | null {
  const value = Number(text);
  return text !== undefined && Number.isInteger(value) && value >= 0 ? value : null;
}
