import type { Readable } from 'node:stream';

/** Longer lines are cut: a tool that writes without newlines must not fill the memory. */
const MAX_LINE = 4_096;

/** Calls `line` for each line of a stream of text, without its newline, as soon as it is complete. */
export function eachLine(stream: Readable, line: (text: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split(/\r?\n|\r/);
    rest = lines.pop()!.slice(0, MAX_LINE);
    for (const complete of lines) if (complete !== '') line(complete);
  });
  stream.once('end', () => {
    if (rest !== '') line(rest);
  });
  // A pipe that breaks is a stream that ended; why the writer ended is told by its exit status.
  stream.on('error', () => {});
}
