import { Command } from 'commander';
import type { CommandIo } from './command-io.ts';
import { evalDetectCommand } from './eval-detect.ts';
import { evalTrackCommand } from './eval-track.ts';

/** `ocellus eval`: detections and tracks against ground truth. */
export function evalCommand(io: CommandIo): Command {
  const evaluation = new Command('eval').description('score detections or tracks against ground truth');
  for (const command of [evalDetectCommand(io), evalTrackCommand(io)]) evaluation.addCommand(command);
  return evaluation;
}
