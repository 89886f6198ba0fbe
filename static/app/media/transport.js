/** Two ways to send a file: small files in one request, large files in parts that survive a lost connection. */

import { ConnectionLost, Refused } from 'stoory-client';

const LARGE = 8 * 1024 * 1024;
const PART = 8 * 1024 * 1024;

/**
 * Send a file and return it as an attachment. Options are `session`, `files` (the client's `Files`), `isVoice`,
 * `address` (of an upload in parts that was begun before), `onAddress(address)`, `onProgress(bytes)`, and `signal`,
 * which stops the upload. Raises `Refused`, `ConnectionLost`, `SignedOut`, or the signal's reason.
 */
export function sendFile(file, options) {
  return file.size > LARGE ? inParts(file, options) : whole(file, options);
}

async function whole(file, options) {
  const token = await options.session.access();
  try {
    return await post(file, token, options);
  } catch (fault) {
    if (!(fault instanceof Refused) || fault.status !== 401) throw fault;
    return post(file, await options.session.renew(token), options);
  }
}

/** `fetch` does not tell how much of a body has been sent, so this uses the older interface. */
function post(file, token, { session, isVoice, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append('file', file, file.name);
    if (isVoice) form.append('voice', 'true');
    request.open('POST', session.addressOf('/api/uploads'));
    request.setRequestHeader('Authorization', `Bearer ${token}`);
    request.setRequestHeader('Accept', 'application/json');
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(Math.min(loaded, file.size)));
    request.addEventListener('load', () => {
      const body = parsed(request.responseText);
      if (request.status === 201) resolve(body.upload);
      else reject(new Refused(request.status, body, Number(request.getResponseHeader('Retry-After')) || undefined));
    });
    request.addEventListener('error', () => reject(new ConnectionLost()));
    signal.addEventListener('abort', () => {
      request.abort();
      reject(signal.reason);
    });
    request.send(form);
  });
}

async function inParts(file, options) {
  const Upload = await resumable();
  const { session, files, isVoice, address, onAddress, onProgress, signal } = options;
  let token = await session.access();
  const sent = await new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: session.addressOf('/api/uploads/resumable'),
      uploadUrl: address ?? null,
      chunkSize: PART,
      retryDelays: null,
      storeFingerprintForResuming: false,
      metadata: { filename: file.name, filetype: file.type, ...(isVoice ? { voice: 'true' } : {}) },
      onBeforeRequest: async (request) => {
        token = await session.access();
        request.setHeader('Authorization', `Bearer ${token}`);
      },
      onUploadUrlAvailable: () => onAddress(upload.url),
      onProgress: (bytes) => onProgress(bytes),
      onSuccess: () => resolve(upload.url),
      onError: (fault) => reject(inOurWords(fault)),
    });
    signal.addEventListener('abort', () => {
      void upload.abort();
      reject(signal.reason);
    });
    upload.start();
  }).catch(async (fault) => {
    if (fault instanceof Refused && fault.status === 401) await session.renew(token);
    throw fault;
  });
  // The answer of the last part has no body. A description returns the file as an attachment.
  return files.describe(idIn(sent), '');
}

/** Tell the server that it can remove an upload in parts. Without an answer, it removes the upload after a day. */
export async function abandon(address, session) {
  try {
    const [Upload, token] = [await resumable(), await session.access()];
    await Upload.terminate(address, { retryDelays: null, headers: { Authorization: `Bearer ${token}` } });
  } catch {
    // The upload was complete, or the server is away.
  }
}

/** Load the library for uploads in parts, which few pages need. */
async function resumable() {
  try {
    return (await import('../../vendor/tus-js-client/index.js')).Upload;
  } catch (cause) {
    throw new ConnectionLost(cause);
  }
}

function idIn(address) {
  return new URL(address, globalThis.location.href).pathname.split('/').filter(Boolean).at(-1);
}

function inOurWords(fault) {
  const response = fault.originalResponse;
  if (!response) return new ConnectionLost(fault);
  const retryAfter = Number(response.getHeader('Retry-After')) || undefined;
  return new Refused(response.getStatus(), parsed(response.getBody()), retryAfter);
}

function parsed(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
