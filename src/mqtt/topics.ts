/** What a camera can be told by MQTT. */
export const commandNames = ['enabled', 'detect', 'fps', 'snapshot'] as const;
export type CommandName = (typeof commandNames)[number];

/** A retained topic of a camera, taken apart. */
export type RetainedTopic =
  | { readonly kind: 'camera'; readonly cameraId: string; readonly what: string }
  | { readonly kind: 'crop'; readonly cameraId: string; readonly label: string }
  | { readonly kind: 'snapshot'; readonly cameraId: string; readonly label: string }
  | { readonly kind: 'count'; readonly cameraId: string; readonly label: string }
  | { readonly kind: 'zone-count'; readonly cameraId: string; readonly zone: string; readonly label: string };

/** Every topic of one device, all under `ocellus/<device>/`. */
export class Topics {
  readonly root: string;
  readonly availability: string;
  readonly state: string;
  /** Filter of every command. */
  readonly commands: string;
  /** Filters of what an earlier run of this device may have left retained. */
  readonly leftovers: readonly string[];

  constructor(deviceId: string) {
    this.root = `ocellus/${deviceId}`;
    this.availability = `${this.root}/availability`;
    this.state = `${this.root}/state`;
    this.commands = `${this.root}/cameras/+/set/+`;
    const tails = [
      'state',
      'motion',
      'enabled',
      'detect',
      'fps',
      'counts/+',
      'zones/+/counts/+',
      'snapshot/+',
      'snapshot/+/crop',
    ];
    this.leftovers = tails.map((tail) => `${this.root}/cameras/+/${tail}`);
  }

  cameraState(cameraId: string): string {
    return this.#camera(cameraId, 'state');
  }

  events(cameraId: string): string {
    return this.#camera(cameraId, 'events');
  }

  motion(cameraId: string): string {
    return this.#camera(cameraId, 'motion');
  }

  tracks(cameraId: string): string {
    return this.#camera(cameraId, 'tracks');
  }

  count(cameraId: string, label: string): string {
    return this.#camera(cameraId, `counts/${level(label)}`);
  }

  zoneCount(cameraId: string, zone: string, label: string): string {
    return this.#camera(cameraId, `zones/${level(zone)}/counts/${level(label)}`);
  }

  /** The best view of a label's objects, JPEG. */
  snapshot(cameraId: string, label: string): string {
    return this.#camera(cameraId, `snapshot/${level(label)}`);
  }

  /** The object of `snapshot` alone, JPEG. */
  crop(cameraId: string, label: string): string {
    return `${this.snapshot(cameraId, label)}/crop`;
  }

  command(cameraId: string, command: CommandName): string {
    return this.#camera(cameraId, `set/${command}`);
  }

  /** Where the outcome of a command is told. */
  outcome(cameraId: string, command: CommandName): string {
    return this.#camera(cameraId, command);
  }

  /** Where it is told that a command was not carried out. */
  commandError(cameraId: string, command: CommandName): string {
    return this.#camera(cameraId, `${command}/error`);
  }

  /** Takes a command's topic apart; undefined when it is none. */
  parseCommand(topic: string): { cameraId: string; command: string } | undefined {
    const [cameraId, set, command, ...rest] = this.#levels(topic);
    if (cameraId === undefined || set !== 'set' || command === undefined || rest.length > 0) return undefined;
    return { cameraId, command };
  }

  /** Takes a retained topic of a camera apart; undefined when it is none. */
  parseRetained(topic: string): RetainedTopic | undefined {
    const [cameraId, ...tail] = this.#levels(topic);
    if (cameraId === undefined || tail.length === 0) return undefined;
    if (tail[0] === 'counts' && tail.length === 2) return { kind: 'count', cameraId, label: tail[1]! };
    if (tail[0] === 'snapshot' && tail.length === 2) return { kind: 'snapshot', cameraId, label: tail[1]! };
    if (tail[0] === 'snapshot' && tail[2] === 'crop' && tail.length === 3)
      return { kind: 'crop', cameraId, label: tail[1]! };
    if (tail[0] === 'zones' && tail[2] === 'counts' && tail.length === 4)
      return { kind: 'zone-count', cameraId, zone: tail[1]!, label: tail[3]! };
    return tail.length === 1 ? { kind: 'camera', cameraId, what: tail[0]! } : undefined;
  }

  #camera(cameraId: string, tail: string): string {
    return `${this.root}/cameras/${cameraId}/${tail}`;
  }

  /** The levels after `cameras/`. */
  #levels(topic: string): string[] {
    const prefix = `${this.root}/cameras/`;
    return topic.startsWith(prefix) ? topic.slice(prefix.length).split('/') : [];
  }
}

/** A name as one level of a topic: `/`, `+`, `#` and NUL have a meaning of their own there. */
export function level(name: string): string {
  return name.replaceAll(/[/+#\0]/g, '_');
}
