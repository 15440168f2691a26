import { Argument, Command } from 'commander';
import { configJsonSchema } from '../config/json-schema.ts';
import { eventJsonSchema } from '../events/event-schema.ts';
import type { CommandIo } from './command-io.ts';
import { findingsJsonSchema } from './doctor/finding.ts';

const SCHEMAS = {
  config: configJsonSchema,
  events: eventJsonSchema,
  doctor: findingsJsonSchema,
} as const;

/** `ocellus schema`: the JSON Schemas that editors and subscribers validate with. */
export function schemaCommand(io: CommandIo): Command {
  return new Command('schema')
    .description(
      'print a JSON Schema, draft 2020-12: of the configuration, of the event messages or of what doctor finds',
    )
    .addArgument(new Argument('<what>', 'which one').choices(Object.keys(SCHEMAS)))
    .addHelpText('after', '\nExample:\n  ocellus schema events > events.schema.json')
    .action((what: keyof typeof SCHEMAS) => {
      io.stdout.write(`${JSON.stringify(SCHEMAS[what](), null, 2)}\n`);
    });
}
