// Recharge's error answers: four top-level shapes, with the texts that were captured.

export class RechargeError extends Error {
  readonly status: number;
  readonly body: object | string;

  constructor(status: number, body: object | string) {
    super(`${status} ${JSON.stringify(body)}`);
    this.status = status;
    this.body = body;
  }
}

export const badAuthentication = (): RechargeError => new RechargeError(401, { error: 'bad authentication' });
export const notFound = (): RechargeError => new RechargeError(404, { errors: 'Not Found' });
export const endpointNotFound = (): RechargeError => new RechargeError(404, { error: 'endpoint not found' });
export const callInProgress = (): RechargeError => new RechargeError(409, { error: 'A call to this route is already in progress.' });
export const notAnObject = (): RechargeError => new RechargeError(415, { error: 'The request body must be a JSON object' });
export const malformed = (): RechargeError => new RechargeError(400, { error: 'Malformed JSON' });
/** The real body is unknown. */
export const unsupportedVersion = (version: string): RechargeError => new RechargeError(426, { error: `API version ${version} is not supported` });

/** 422: the value of a field is a list of texts, a text or a nested object. */
export function invalid(errors: Record<string, unknown>): RechargeError {
  return new RechargeError(422, { errors });
}
