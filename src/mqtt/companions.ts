import { type CompanionPort, Companions } from './companion.ts';
import { FrigateCompanion } from './frigate/frigate-companion.ts';
import { HomeAssistantCompanion } from './home-assistant/home-assistant-companion.ts';
import type { MqttPublisherOptions } from './publisher.ts';
import type { Topics } from './topics.ts';

/** The companions that the configuration asks for. */
export function companionsOf(options: MqttPublisherOptions, topics: Topics, port: CompanionPort): Companions {
  const parts = { ...options, topics, port };
  return new Companions([
    // Also there when discovery is off: what was announced before is taken back then.
    new HomeAssistantCompanion(parts),
    ...(options.config.frigate.enabled ? [new FrigateCompanion(parts)] : []),
  ]);
}
