import { Metrics } from '../metrics/metrics.ts';
import type { PreviewParts } from '../ports.ts';
import type { PreviewApp } from '../server/preview-app.ts';
import { HttpProblem } from '../server/problem.ts';
import type { EventStreams } from '../server/server-sent-events.ts';

/** What a Prometheus server reads. */
export function metricsRoutes(app: PreviewApp, parts: PreviewParts, streams: EventStreams): void {
  const metrics = new Metrics(parts, () => ({ streams: streams.count }));
  app.addHook('onClose', async () => metrics.close());
  app.get(
    '/metrics',
    {
      config: {
        access: 'viewer',
        summary: 'Metrics in the text format of Prometheus',
        produces: 'text/plain',
      },
    },
    async ({ user }, reply) => {
      // They name every camera and count what each sees.
      if (!user?.cameras.includes('*'))
        throw new HttpProblem(403, 'metrics are for those who may see every camera');
      return reply.type(metrics.contentType).send(await metrics.text());
    },
  );
}
