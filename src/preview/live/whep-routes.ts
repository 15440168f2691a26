import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { messageOf } from '../../base/errors.ts';
import type { PreviewParts } from '../ports.ts';
import { requireMemory } from '../server/memory-check.ts';
import type { PreviewApp } from '../server/preview-app.ts';
import { HttpProblem } from '../server/problem.ts';
import { readIceFragment, readOffer } from './sdp.ts';
import type { RtcIceServer } from './webrtc.ts';
import { type WhepSession, WhepSessions } from './whep-sessions.ts';

const SDP = 'application/sdp';
const ICE_FRAGMENT = 'application/trickle-ice-sdpfrag';
/** Offers of browsers are 3 to 10 kB. */
const MAX_SDP_BYTES = 64 * 1024;
const RETRY_AFTER_S = '10';

/** Who asks for one of these will want to see pictures in a moment: the library is loaded meanwhile. */
const PAGE_OPENS: ReadonlySet<string> = new Set(['/', '/api/cameras']);

const endpoint = '/api/cameras/:cameraId/whep';
const cameraParams = z.strictObject({ cameraId: z.string() });
const sessionParams = cameraParams.extend({ sessionId: z.string() });

/**
 * Live pictures over WebRTC by WHEP (draft-ietf-wish-whep), which is WHIP (RFC 9725) the other way round: the viewer offers.
 * Trickled candidates are taken; an ICE restart is refused, for a new session is as quick.
 */
export function whepRoutes(app: PreviewApp, parts: PreviewParts): void {
  const { cameras, config, clock, log } = parts;
  // As they are now: both change while the program runs.
  const webrtc = () => config.http.webrtc;
  const iceServers = () =>
    webrtc().iceServers.map((server, at) => ({ ...server, credential: parts.secrets.iceCredentials?.[at] }));
  const sessions = new WhepSessions(webrtc, iceServers, app.viewers, clock, log);
  app.addHook('onClose', async () => sessions.close());
  app.addHook('onResponse', async ({ user, routeOptions }) => {
    if (webrtc().enabled && user !== null && PAGE_OPENS.has(routeOptions.url ?? '')) void sessions.webrtc();
  });
  app.addContentTypeParser(
    [SDP, ICE_FRAGMENT],
    { parseAs: 'string', bodyLimit: MAX_SDP_BYTES },
    (_request, body, done) => done(null, body),
  );
  const sessionOf = ({ cameraId, sessionId }: z.infer<typeof sessionParams>): WhepSession => {
    const session = sessions.get(cameraId, sessionId);
    if (session === undefined) throw new HttpProblem(404, 'there is no such session; it may have ended');
    return session;
  };

  app.post(
    endpoint,
    {
      config: {
        access: 'viewer',
        camera: true,
        summary: 'WHEP: an SDP offer for live video as VP8',
        produces: SDP,
      },
      schema: { params: cameraParams, consumes: [SDP] },
    },
    async (request, reply) => {
      requireType(request.headers['content-type'], SDP);
      if (!accepts(request.headers.accept, SDP)) throw new HttpProblem(406, `the answer is ${SDP}`);
      const sdp = String(request.body);
      const offer = readOffer(sdp);
      if ('refused' in offer) throw new HttpProblem(offer.refused === 'no_vp8' ? 406 : 400, offer.why);
      if (!webrtc().enabled) throw new HttpProblem(501, 'http.webrtc is off in the configuration');
      const library = await sessions.webrtc();
      if ('why' in library) {
        throw new HttpProblem(501, `no WebRTC on this machine: ${library.why}`, {
          hint: "watch the camera's own video (live.mp4) or motion JPEG (live.mjpeg)",
        });
      }
      if (sessions.isFull) {
        throw new HttpProblem(503, 'as many watch over WebRTC as may', {
          hint: 'watch by another transport, or raise http.webrtc.maxViewers',
          headers: { 'retry-after': RETRY_AFTER_S },
        });
      }
      requireMemory(parts);
      // Known, or the access check would have refused it.
      const camera = cameras.get(request.params.cameraId)!;
      const { loggedOut } = request;
      const { session, answer } = await sessions
        .open(library, camera, sdp, offer, loggedOut)
        .catch((error: unknown) => {
          if (loggedOut?.aborted === true) throw new HttpProblem(401, 'the login has ended meanwhile');
          throw new HttpProblem(400, `the offer cannot be answered: ${messageOf(error)}`);
        });
      return linked(reply, iceServers())
        .code(201)
        .headers({
          location: `/api/cameras/${camera.cameraId}/whep/${session.sessionId}`,
          etag: session.etag,
          'accept-patch': ICE_FRAGMENT,
        })
        .type(SDP)
        .send(answer);
    },
  );

  app.patch(
    `${endpoint}/:sessionId`,
    {
      config: { access: 'viewer', camera: true, summary: 'WHEP: further ICE candidates of the viewer' },
      schema: { params: sessionParams, consumes: [ICE_FRAGMENT] },
    },
    async (request, reply) => {
      requireType(request.headers['content-type'], ICE_FRAGMENT);
      const { peer, etag } = sessionOf(request.params);
      const match = request.headers['if-match'];
      if (match === undefined) throw new HttpProblem(428, 'If-Match must name the ETag of the session');
      if (match === '*')
        throw new HttpProblem(422, 'ICE restarts are not supported', { hint: 'open a new session' });
      if (match !== etag) throw new HttpProblem(412, 'the session has another ETag');
      const fragment = readIceFragment(String(request.body));
      if (fragment === undefined) throw new HttpProblem(400, 'the body is no SDP fragment (RFC 8840)');
      await peer.addCandidates(fragment);
      return reply.code(204).send();
    },
  );

  app.delete(
    `${endpoint}/:sessionId`,
    {
      config: { access: 'viewer', camera: true, summary: 'WHEP: ends a session' },
      schema: { params: sessionParams },
    },
    (request, reply) => {
      sessionOf(request.params).peer.close('asked to');
      return reply.code(204).send();
    },
  );

  app.options(
    endpoint,
    {
      config: { access: 'public', summary: 'WHEP: what may be posted' },
      schema: { params: cameraParams },
    },
    (_request, reply) => reply.code(204).headers({ allow: 'POST, OPTIONS', 'accept-post': SDP }).send(),
  );

  app.route({
    method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'],
    url: endpoint,
    config: { access: 'viewer', camera: true, summary: 'WHEP: not a way to use it' },
    schema: { params: cameraParams },
    handler: () => {
      throw new HttpProblem(405, 'POST an SDP offer here', { headers: { allow: 'POST, OPTIONS' } });
    },
  });
}

function requireType(contentType: string | undefined, wanted: string): void {
  if (contentType?.split(';')[0]?.trim().toLowerCase() === wanted) return;
  throw new HttpProblem(415, `the body must be ${wanted}`, { headers: { 'accept-post': wanted } });
}

function accepts(accept: string | undefined, type: string): boolean {
  if (accept === undefined) return true;
  return accept
    .split(',')
    .some((part) => [type, 'application/*', '*/*'].includes(part.split(';')[0]!.trim()));
}

/** Link headers that tell the viewer the ICE servers (RFC 9725, 4.6). */
function linked(reply: FastifyReply, servers: readonly RtcIceServer[]): FastifyReply {
  const links = servers.flatMap(({ urls, username, credential }) =>
    urls.map((url) => {
      const secret =
        credential === undefined
          ? ''
          : `; username=${quoted(username ?? '')}; credential=${quoted(credential)}; credential-type="password"`;
      return `<${url}>; rel="ice-server"${secret}`;
    }),
  );
  return links.length === 0 ? reply : reply.header('link', links);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
