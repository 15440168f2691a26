import { z } from 'zod';

const bytes = z.int().nonnegative().nullable();
const percent = z.number().nullable().describe('0 to 100');
const degrees = z.number().nullable();

/** What the device's sensors say, as `/api/device` tells it. Null: this device has no such sensor, or not for this user. */
export const hardwareSchema = z.strictObject({
  gpu: z
    .strictObject({
      name: z.string(),
      loadPercent: percent,
      frequencyMhz: z.number().nullable(),
      maxFrequencyMhz: z.number().nullable().describe('What the power mode allows'),
      emcLoadPercent: percent.describe('Of the memory controller'),
    })
    .nullable(),
  power: z
    .strictObject({
      mode: z.string().nullable().describe('Of a Jetson'),
      fastestMode: z.string().nullable(),
      totalW: z.number().nullable().describe('Of the rail that feeds the whole module, where there is one'),
      rails: z.array(z.strictObject({ name: z.string(), powerW: z.number().nullable() })),
    })
    .nullable(),
  temperatures: z
    .strictObject({
      headroomC: degrees.describe(
        'To the nearest temperature at which something is slowed down or switched off',
      ),
      fanPercent: percent,
      fanRpm: z.number().nullable(),
      zones: z.array(z.strictObject({ name: z.string(), temperatureC: degrees })),
    })
    .nullable(),
  pressure: z
    .strictObject({
      cpuPercent: percent,
      memoryPercent: percent,
      memoryFullPercent: percent.describe('All work stood still'),
      ioPercent: percent,
    })
    .nullable()
    .describe('Share of the last 10 s in which some work waited for it'),
  throttling: z
    .strictObject({
      active: z.boolean().nullable(),
      reasons: z.array(z.string()),
      overCurrentEvents: z
        .record(z.string(), z.int().nonnegative())
        .describe('By counter, since the machine started'),
    })
    .describe('Whether heat or the power supply slows the device down now'),
  memory: z.strictObject({
    availableBytes: bytes,
    limitBytes: bytes.describe('Of the control group'),
    limitUsedBytes: bytes,
  }),
});

export type HardwareReport = z.infer<typeof hardwareSchema>;
