import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { messageOf, OcellusError } from '../base/errors.ts';
import type { Service } from '../base/service.ts';

/** An MQTT 3.1.1 broker in this process, on loopback, without persistence: for the demo and for tests. */
export class EmbeddedBroker implements Service {
  readonly name = 'embedded broker';
  readonly #wantedPort: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #aedes: Aedes | undefined;

  /** @param port 0: any free one */
  constructor(port = 0) {
    this.#wantedPort = port;
  }

  /** Where it listens, once started. */
  get url(): string {
    const address = this.#server?.address();
    if (address === null || address === undefined || typeof address === 'string')
      throw new OcellusError('internal', 'the embedded broker is not started');
    return `mqtt://127.0.0.1:${address.port}`;
  }

  /** @throws OcellusError `port_in_use` */
  async start(): Promise<void> {
    this.#aedes = await Aedes.createBroker();
    const { handle } = this.#aedes;
    const server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      handle(socket);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error) => {
        reject(
          new OcellusError('port_in_use', `the embedded MQTT broker cannot listen: ${messageOf(error)}`, {
            hint: 'choose another port',
            cause: error,
          }),
        );
      });
      server.listen(this.#wantedPort, '127.0.0.1', resolve);
    });
  }

  async close(): Promise<void> {
    const server = this.#server;
    const aedes = this.#aedes;
    this.#server = undefined;
    this.#aedes = undefined;
    if (aedes !== undefined) await new Promise<void>((resolve) => aedes.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    if (server?.listening === true) await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}
