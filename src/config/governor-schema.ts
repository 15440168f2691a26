import { z } from 'zod';

// The section `governor`. See schema.ts.

const percent = z.number().min(1).max(100);

export const governorSchema = z.strictObject({
  enabled: z.boolean().default(true).describe('Off: only the scheduler sheds load, with no regard to heat'),
  minFps: z
    .number()
    .min(0.5)
    .max(30)
    .default(1)
    .describe('Every camera keeps this detection rate, or its own if that is lower, short of an emergency'),
  headroomC: z
    .number()
    .min(1)
    .max(40)
    .default(8)
    .describe('Degrees below the temperature at which the kernel throttles from which on rates are lowered'),
  maxTemperatureC: z
    .number()
    .min(30)
    .max(120)
    .optional()
    .describe('Throttling temperature to go by instead of what each sensor states; default: what it states'),
  memorySomePercent: percent
    .default(20)
    .describe('Share of the time in which some process waited for memory (PSI, 10 s) that is too much'),
  memoryFullPercent: percent
    .default(5)
    .describe('Share of the time in which every process waited for memory (PSI, 10 s) that is too much'),
  memoryUsedPercent: z
    .number()
    .min(50)
    .max(99)
    .default(90)
    .describe(
      'Share of the memory limit of the service, where systemd or a container sets one, that is too much',
    ),
  utilisationPercent: z
    .number()
    .min(20)
    .max(100)
    .default(85)
    .describe('Share of the time that inference sessions are planned to be busy under overload'),
  maxWaitMs: z
    .int()
    .min(1)
    .max(1_000)
    .default(10)
    .describe('Under overload, frames that waited longer than this for their turn are left for fresh ones'),
});

export type GovernorConfig = z.infer<typeof governorSchema>;
