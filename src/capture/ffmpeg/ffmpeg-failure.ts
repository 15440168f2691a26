import type { CameraCause } from '../../flow/camera-state.ts';
import { captureFailure } from '../capture-error.ts';
import type { CaptureFailure } from '../frame-source.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly cause: CameraCause;
  readonly hint: string;
}

const CHECK_NETWORK = 'check that the camera is switched on and that its address and port are right';

/** What ffmpeg 4.4 to 8 says when it fails, the telling patterns first. */
const RULES: readonly Rule[] = [
  {
    pattern: /\b401 Unauthorized|authorization failed|HTTP error 401/i,
    cause: 'auth_failed',
    hint: 'check user and password of the camera; encode special characters of the password (@ is %40)',
  },
  {
    pattern: /\b403 Forbidden|access denied|HTTP error 403/i,
    cause: 'auth_failed',
    hint: 'the camera refuses this user; give it the right to view, and check that it is not locked out',
  },
  {
    pattern: /Nonmatching transport|461 Unsupported/i,
    cause: 'unreachable',
    hint: 'the camera does not offer this transport; set capture.transport to the other one (tcp or udp)',
  },
  {
    pattern: /453 Not Enough|\b503\b|5XX Server Error/i,
    cause: 'unreachable',
    hint: 'the camera is busy; close other viewers or use its second stream',
  },
  {
    pattern: /Failed to resolve hostname|Name or service not known|name resolution/i,
    cause: 'unreachable',
    hint: 'the name of the host is not known; check it, or write the IP address',
  },
  {
    pattern: /Connection refused/i,
    cause: 'unreachable',
    hint: 'the host is there but nothing listens on that port; check the port and that RTSP is enabled',
  },
  {
    pattern: /No route to host|Network is unreachable|Host is down/i,
    cause: 'unreachable',
    hint: 'check the network between this device and the camera',
  },
  {
    pattern: /Device or resource busy/i,
    cause: 'unreachable',
    hint: 'another program uses the device; `fuser` on it tells which',
  },
  {
    pattern: /Permission denied/i,
    cause: 'not_found',
    hint: 'this user may not read it; for /dev/video*, add the user to the group "video"',
  },
  {
    pattern: /\b404\b|400 Bad Request|4XX Client Error|No such file or directory|No such device/i,
    cause: 'not_found',
    hint: 'check the path after the host (or the file or device): the source has nothing there',
  },
  {
    pattern: /matches no streams|does not contain any stream/i,
    cause: 'not_found',
    hint: 'the source has no video; check that the address is the one of a video stream',
  },
  {
    pattern:
      /Unknown decoder|Unrecognized (option|hwaccel)|Option not found|Invalid hwaccel|Device setup failed/i,
    cause: 'decode_error',
    hint: 'this ffmpeg does not know that; check capture.hwaccel and capture.inputArgs',
  },
  {
    pattern:
      /Device creation failed|No device available for decoder|hwaccel initiali[sz]ation returned error/i,
    cause: 'decode_error',
    hint: 'the hardware decoder cannot be used; set capture.hwaccel to none, or check its driver and permissions',
  },
  {
    pattern: /Protocol not found|TLS|certificate|handshake/i,
    cause: 'unreachable',
    hint: 'no secure connection; check that the camera speaks TLS on that port',
  },
  { pattern: /timed out|Immediate exit requested/i, cause: 'unreachable', hint: CHECK_NETWORK },
  {
    pattern: /Connection reset|Broken pipe|End of file|Input\/output error/i,
    cause: 'unreachable',
    hint: CHECK_NETWORK,
  },
  {
    // What ffmpeg 5.1 makes of a silence: the address of a file or an HTTP stream never comes with these words alone.
    pattern: /^rtsps?:\/\/\S*: Invalid data found/i,
    cause: 'unreachable',
    hint: 'something accepts the connection but does not answer as an RTSP server; check the port, and whether the camera hangs',
  },
  {
    pattern:
      /moov atom not found|Invalid data found|Error (opening input|while decoding)|Could not find codec/i,
    cause: 'decode_error',
    hint: 'the data is damaged or of a kind that ffmpeg does not decode; play it with ffplay to compare',
  },
];

/** Lines of a decoder that was not given a keyframe yet. */
const NO_KEYFRAME =
  /non-existing [PS]PS|[PS]PS id out of range|no frame!|Could not find ref with POC|missing reference/i;

const KEYFRAME_HINT = 'the camera sends no keyframe; set its keyframe (I-frame) interval to 1 to 4 seconds';

/**
 * Tells from the warnings and errors of ffmpeg why it gave up or gives no picture.
 *
 * @param lines without prefixes, oldest first
 * @returns undefined when they tell nothing
 */
export function ffmpegFailure(lines: readonly string[]): CaptureFailure | undefined {
  for (const rule of RULES) {
    const line = lines.findLast((text) => rule.pattern.test(text));
    if (line === undefined) continue;
    if (rule.cause === 'decode_error' && lines.some((text) => NO_KEYFRAME.test(text))) break;
    return captureFailure(rule.cause, line, rule.hint);
  }
  const keyframe = lines.findLast((text) => NO_KEYFRAME.test(text));
  return keyframe === undefined ? undefined : captureFailure('no_keyframe', keyframe, KEYFRAME_HINT);
}

/** True for the line of a packet that gave no picture. */
export function isLostPicture(line: string): boolean {
  return /Error while decoding stream|Error submitting packet to decoder/i.test(line);
}
