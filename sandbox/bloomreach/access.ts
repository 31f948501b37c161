// Who may call: the project in the path and the key pair in the Authorization header.
import type { SimRequest, SimResponse } from '../kit.ts';
import { refusal } from './answers.ts';
import type { BloomreachKey, BloomreachProject, BloomreachSwitches } from './options.ts';

export type Access = { ok: true; project: BloomreachProject; key: BloomreachKey } | { ok: false; answer: SimResponse };

/** 404 for a project nobody has, 401 for a missing or unknown key, 403 for a wrong secret. */
export function checkAccess(projects: readonly BloomreachProject[], token: string, request: SimRequest, switches: BloomreachSwitches): Access {
  const project = projects.find((each) => each.token === token);
  if (!project) return { ok: false, answer: refusal(404, 'Project not found', switches) };

  const [scheme, encoded = ''] = (request.headers.authorization ?? '').split(' ');
  const [id = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':');
  const key = scheme?.toLowerCase() === 'basic' ? project.keys.find((each) => each.id === id) : undefined;
  if (!key) return { ok: false, answer: { status: 401, body: { success: false, error: 'access key not found' } } };
  if (key.secret !== rest.join(':')) return { ok: false, answer: refusal(403, 'Invalid API secret', switches) };
  return { ok: true, project, key };
}
