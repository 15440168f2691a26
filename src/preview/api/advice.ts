import type { CameraCause, CameraState } from '../../flow/camera-state.ts';

/** What a person can do about each cause. */
const ADVICE: Readonly<Record<CameraCause, string>> = {
  auth_failed: 'The camera refuses the user or password: check them in the source of this camera.',
  unreachable: 'The camera does not answer: check its power, its cable or WLAN, and the address and port.',
  not_found: 'The camera answers but knows no such stream: check the path of the source.',
  no_keyframe: 'No complete picture came: lower the keyframe interval of the camera to 1 or 2 seconds.',
  stalled: 'The connection is open but no pictures come: restart the camera, or check its network load.',
  frozen: 'The picture does not change at all, noise included: restart the camera.',
  black: 'The picture is black: check the lens cover, the light and the infrared lamp.',
  decode_error: 'The stream is damaged: use TCP transport, and check the network for loss.',
  ended: 'The source has come to its end.',
};

/** What to do about a camera's state; null when there is nothing to do. */
export function adviceFor({ state, cause }: CameraState): string | null {
  if (cause !== null) return ADVICE[cause];
  return state === 'disabled'
    ? 'The camera is switched off: publish ON to set/enabled of its MQTT topics, or set enabled in its configuration.'
    : null;
}
