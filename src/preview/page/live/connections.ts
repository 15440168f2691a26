/** Browsers open six connections to a device over HTTP/1.1. One follows the events, and one must be free for all else. */
const MAX_STREAMS = 4;

let open = 0;

/** Takes a place for a stream that stays open. @returns what gives it back; undefined when all are taken */
export function takeStream(): (() => void) | undefined {
  if (open >= MAX_STREAMS) return undefined;
  open += 1;
  let held = true;
  return () => {
    if (held) open -= 1;
    held = false;
  };
}
