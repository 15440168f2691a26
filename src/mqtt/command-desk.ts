import { explain } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import type { Message } from './broker-link.ts';
import { type CommandHandler, type CommandOutcome, isCommandName, parseCommand } from './commands.ts';
import type { CommandName, Topics } from './topics.ts';

export interface CommandDeskOptions {
  readonly topics: Topics;
  readonly cameras: Config['cameras'];
  readonly handler: CommandHandler;
  readonly log: Logger;
  /** A command was carried out. */
  readonly outcome: (cameraId: string, command: CommandName, outcome: CommandOutcome) => void;
  /** A command was not carried out: the answer to its sender. */
  readonly failure: (topic: string, payload: string) => void;
}

/** Takes commands off the broker, has them carried out, and sees that every one is answered. */
export class CommandDesk {
  readonly #options: CommandDeskOptions;

  constructor(options: CommandDeskOptions) {
    this.#options = options;
  }

  /** @returns false when the message is no command */
  take({ topic, payload, retain }: Message): boolean {
    const { topics, cameras, log } = this.#options;
    const parsed = topics.parseCommand(topic);
    if (parsed === undefined) return false;
    const { cameraId, command } = parsed;
    if (retain) {
      // It would be carried out again at every connection, long after it was meant.
      log.warn({ topic }, 'retained command ignored: send commands without the retain flag');
    } else if (!Object.hasOwn(cameras, cameraId)) {
      log.warn({ topic }, 'command for a camera that is not configured');
    } else if (!isCommandName(command)) {
      log.warn({ topic }, 'unknown command');
    } else {
      void this.#carryOut(cameraId, command, payload.toString('utf8'));
    }
    return true;
  }

  async #carryOut(cameraId: string, command: CommandName, payload: string): Promise<void> {
    const { topics, log, handler, outcome, failure } = this.#options;
    try {
      const result = await handler(parseCommand(cameraId, command, payload));
      log.info({ camera: cameraId, command, payload }, 'command carried out');
      outcome(cameraId, command, result);
    } catch (error) {
      const reason = explain(error);
      log.warn({ camera: cameraId, command, error: reason }, 'command not carried out');
      failure(topics.commandError(cameraId, command), JSON.stringify({ error: reason }));
    }
  }
}
