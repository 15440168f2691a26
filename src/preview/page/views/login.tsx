import { useState } from 'preact/hooks';
import { describeError, RequestError } from '../server/request.ts';
import { logIn, session } from '../state/session.ts';

/** Asks for user and password. */
export function Login() {
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    try {
      await logIn(String(fields.get('user')), String(fields.get('password')));
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main class="login">
      <form class="card login-card" onSubmit={submit} aria-labelledby="login-title">
        <img src="./favicon.svg" alt="" width="40" height="40" />
        <h1 id="login-title">Ocellus</h1>
        <p class="muted">{session.value?.deviceId}</p>
        <label class="field">
          <span>User</span>
          <input name="user" autocomplete="username" autocapitalize="none" required />
        </label>
        <label class="field">
          <span>Password</span>
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        {problem !== undefined && (
          <p class="notice tone-alert" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button primary wide" disabled={busy}>
          {busy ? 'One moment…' : 'Log in'}
        </button>
      </form>
    </main>
  );
}

function messageOf(error: unknown): string {
  if (error instanceof RequestError && error.status === 429) {
    return `Too many attempts. Wait ${error.retryAfterS ?? 60} s and try again.`;
  }
  if (error instanceof RequestError && error.status === 401) return 'User or password is wrong.';
  return describeError(error);
}
