export const SESSION_COOKIE = 'ocellus_session';

/** The value of a cookie in the header `Cookie` (RFC 6265); undefined when it is not there. */
export function cookieOf(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return undefined;
}

/** `Set-Cookie` of the session. Scripts cannot read it, and no other site's page can have it sent. @param id empty: forget it */
export function sessionCookie(id: string, isSecure: boolean): string {
  const parts = [`${SESSION_COOKIE}=${id}`, 'Path=/', 'HttpOnly', 'SameSite=Strict'];
  if (isSecure) parts.push('Secure');
  if (id === '') parts.push('Max-Age=0');
  return parts.join('; ');
}
