import { afterEach, describe, expect, test } from 'vitest';
import { SystemClock } from '../../src/base/clock.ts';
import { isAt } from '../../src/cli/doctor/onvif/discovery.ts';
import { formatCameras, type ListedCamera, listCameras } from '../../src/cli/doctor/onvif/list-cameras.ts';
import { parseXml } from '../../src/cli/doctor/onvif/xml.ts';
import { doctorCommand } from '../../src/cli/doctor.ts';
import { OnvifDevice, type OnvifDeviceOptions } from '../fixtures/onvif-device.ts';
import { runCommand } from './capture-io.ts';

let device: OnvifDevice | undefined;

afterEach(async () => {
  await device?.stop();
  device = undefined;
});

const CREDENTIALS = { username: 'viewer', password: 'pa&ss' };

async function list(
  options: OnvifDeviceOptions = {},
  credentials?: typeof CREDENTIALS,
): Promise<ListedCamera[]> {
  device = new OnvifDevice(options);
  return listCameras(new SystemClock(), credentials, await device.start(), 800);
}

describe('a camera with ONVIF', () => {
  test('is found with its name and model, without credentials and without a call', async () => {
    const cameras = await list();
    expect(cameras).toEqual([{ address: '127.0.0.1', url: device!.url, name: 'Front door', model: 'X-100' }]);
    expect(device!.calls).toEqual([]);
    expect(formatCameras(cameras, undefined)).toContain('127.0.0.1  Front door (X-100)');
  });

  test('tells its streams to a user whose clock is an hour behind its own', async () => {
    const cameras = await list({ clockOffsetMs: 3_600_000 }, CREDENTIALS);
    expect(cameras[0]?.problem).toBeUndefined();
    expect(cameras[0]?.profiles).toEqual([
      {
        name: 'Main stream',
        codec: 'h264',
        widthPx: 2560,
        heightPx: 1440,
        fps: 25,
        keyframeInterval: 50,
        url: 'rtsp://127.0.0.1:554/main?x=1&y=2',
      },
      {
        name: 'Sub',
        codec: 'h264',
        widthPx: 640,
        heightPx: 360,
        fps: 10,
        keyframeInterval: 50,
        url: 'rtsp://127.0.0.1:554/sub?x=1&y=2',
      },
    ]);
    expect(device!.calls).toEqual([
      'GetSystemDateAndTime',
      'GetCapabilities signed',
      'GetProfiles signed',
      'GetStreamUri signed',
      'GetStreamUri signed',
    ]);
    const text = formatCameras(cameras, 'viewer');
    // As it is told on a busy machine, a second more or less.
    expect(text).toMatch(/its clock is (3599|360[012]) s ahead/);
    // The stream for detection, with the password left to the environment.
    expect(text).toContain(
      'cameras:\n  front-door:\n    source: rtsp://viewer:${env:CAM_PW}@127.0.0.1:554/sub?x=1&y=2\n',
    );
    expect(text).not.toContain('leak');
    expect(text).not.toContain(CREDENTIALS.password);
  });

  test('refuses a wrong password', async () => {
    const [camera] = await list({}, { username: 'viewer', password: 'wrong' });
    expect(camera?.problem).toContain('the camera refuses: Sender not Authorized (check user and password');
  });
});

describe('what answers may be anybody', () => {
  test('an answer that names another address is not followed', async () => {
    expect(await list({ xaddr: 'http://192.0.2.1/onvif/device_service' }, CREDENTIALS)).toEqual([]);
  });

  test('nor is a media service elsewhere', async () => {
    const [camera] = await list({ mediaXaddr: 'http://192.0.2.1/media' }, CREDENTIALS);
    expect(camera?.problem).toContain('names a media service at another address');
  });

  test.each([
    ['entities', '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>', 'declares a document type'],
    ['no XML', 'hello', 'is no XML'],
    ['an endless answer', `<x>${'a'.repeat(2 << 20)}</x>`, 'larger than 1 MiB'],
    ['half an answer', '<s:Envelope xmlns:s="x"><s:Body>', 'is no XML'],
    ['nothing', '', 'is no XML'],
  ])('%s', async (_, answer, problem) => {
    const [camera] = await list({ answer }, CREDENTIALS);
    expect(camera?.problem).toContain(problem);
  });

  test('entities are never expanded', () => {
    expect(() => parseXml('<?xml version="1.0"?><!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>')).toThrow(
      'document type',
    );
  });

  test.each([
    ['http://10.0.0.5/onvif', true],
    ['https://10.0.0.5:8443/onvif', true],
    ['http://10.0.0.5@evil.example/onvif', false],
    ['http://10.0.0.50/onvif', false],
    ['file:///etc/passwd', false],
    ['http://u@10.0.0.5/', false],
  ])('%s at 10.0.0.5: %s', (url, allowed) => expect(isAt(url, '10.0.0.5')).toBe(allowed));
});

test('nobody answers', () => expect(formatCameras([], undefined)).toContain('no camera answered'));

test.each(['10.0.0.5:0', '10.0.0.5:99999', ':3702', '10.0.0.5:x'])(
  '%s is no address to ask',
  async (address) => {
    await expect(runCommand(doctorCommand, ['--discover', address])).rejects.toMatchObject({ code: 'usage' });
  },
);
