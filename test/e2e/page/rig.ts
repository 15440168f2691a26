import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { type Look, launchBrowser, type OpenedPage, openPage } from '../../fixtures/browser.ts';
import { Mosquitto } from '../../fixtures/mosquitto.ts';
import { MqttRecorder } from '../../fixtures/mqtt-recorder.ts';
import { Program } from '../../fixtures/program.ts';
import { waitUntil } from '../../fixtures/wait-until.ts';

const STREET_MODEL = fileURLToPath(new URL('../../../models/demo-scene.onnx', import.meta.url));

export interface RigOptions {
  /** The section `cameras`, YAML, indented by two spaces. */
  readonly cameras: string;
  /** Further lines of the section `http`, indented by two spaces. */
  readonly http?: string;
  /** With a broker, and a subscriber who hears everything. */
  readonly mqtt?: boolean;
}

/** A daemon with its page, and a browser in front of it. */
export class PageRig {
  readonly url: string;
  readonly folder: string;
  readonly config: string;
  readonly browser: Browser;
  readonly mqtt: MqttRecorder | undefined;
  #daemon: Program;
  readonly #undo: (() => Promise<unknown>)[];

  private constructor(parts: {
    port: number;
    folder: string;
    config: string;
    browser: Browser;
    mqtt: MqttRecorder | undefined;
    undo: (() => Promise<unknown>)[];
  }) {
    this.url = `http://127.0.0.1:${parts.port}/`;
    this.folder = parts.folder;
    this.config = parts.config;
    this.browser = parts.browser;
    this.mqtt = parts.mqtt;
    this.#undo = parts.undo;
    this.#daemon = this.#spawn();
  }

  static async start({ cameras, http = '', mqtt = false }: RigOptions): Promise<PageRig> {
    const undo: (() => Promise<unknown>)[] = [];
    const folder = await mkdtemp(join(tmpdir(), 'ocellus-page-'));
    undo.push(() => rm(folder, { recursive: true, force: true }));
    const port = await freePort();
    const broker = mqtt ? await Mosquitto.start() : undefined;
    if (broker !== undefined) undo.push(() => broker.stop());
    const recorder = broker && (await MqttRecorder.connect(broker.url));
    if (recorder !== undefined) undo.push(() => recorder.close());
    const config = join(folder, 'ocellus.yaml');
    await writeFile(
      config,
      `device: { id: porch }
${broker === undefined ? '' : `mqtt: { url: '${broker.url}' }\n`}models: { default: { file: '${STREET_MODEL}' } }
storage: { path: '${folder}/data', reserveMiB: 0 }
http:
  listen: 127.0.0.1:${port}
${http}
cameras:
${cameras}`,
    );
    const browser = await launchBrowser();
    undo.push(() => browser.close());
    const rig = new PageRig({ port, folder, config, browser, mqtt: recorder, undo });
    try {
      await rig.#listening();
    } catch (error) {
      await rig.stop();
      throw error;
    }
    return rig;
  }

  get daemon(): Program {
    return this.#daemon;
  }

  open(hash = '', look?: Look): Promise<OpenedPage> {
    return openPage(this.browser, `${this.url}${hash}`, look);
  }

  /** As a power cut and a new start. */
  async crash(): Promise<void> {
    this.#daemon.kill('SIGKILL');
    await this.#daemon.exited;
  }

  async startAgain(): Promise<void> {
    this.#daemon = this.#spawn();
    await this.#listening();
  }

  async stop(): Promise<void> {
    await this.#daemon.stop();
    for (const step of this.#undo.splice(0).reverse()) await step();
  }

  #spawn(): Program {
    return new Program(['run', '-c', this.config]);
  }

  #listening(): Promise<void> {
    const answers = () =>
      fetch(`${this.url}api/session`).then(
        ({ ok }) => ok,
        () => false,
      );
    return waitUntil(answers, `the device to answer:\n${this.#daemon.stderr}`, 20_000);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
