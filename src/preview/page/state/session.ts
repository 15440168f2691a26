import { computed, signal } from '@preact/signals';
import type { Role, Session } from '../server/contract.ts';
import { request, requestJson, whenUnauthorized } from '../server/request.ts';

/** Who looks at the page; undefined until the device has said so. */
export const session = signal<Session | undefined>(undefined);

const RANKS: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Whether the configuration may be changed from here. */
export const mayEdit = computed(() => {
  const role = session.value?.user?.role;
  return role !== undefined && RANKS[role] >= RANKS.operator;
});

/** Asks the device who is logged in. A device of another version has another page: then that is loaded. */
export async function refreshSession(): Promise<void> {
  const now = await requestJson<Session>('/api/session');
  const before = session.peek();
  if (before !== undefined && before.version !== now.version) location.reload();
  session.value = now;
}

/** @throws RequestError 401 for a wrong user or password, 429 after too many */
export async function logIn(user: string, password: string): Promise<void> {
  session.value = await requestJson<Session>('/api/session', { method: 'POST', json: { user, password } });
}

export async function logOut(): Promise<void> {
  await request('/api/session', { method: 'DELETE' });
  endSession();
}

function endSession(): void {
  const now = session.peek();
  if (now !== undefined) session.value = { ...now, user: null };
}

whenUnauthorized(endSession);
