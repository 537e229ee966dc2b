// A picture becomes the avatar of the token's user: create, send, confirm. For browsers and Node.

/**
 * @param {Blob} file with its type, as an <input type="file"> or a drop gives it
 * @param {{ api: string, token: string, signal?: AbortSignal }} options where the service is, and who uploads
 * @returns the avatar: { url, expiresAt, contentType, sizeBytes, width, height, updatedAt }
 * @throws {Refused} when the service or S3 says no
 */
export async function uploadAvatar(file, { api, token, signal }) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const declared = { purpose: 'avatar', contentType: file.type, sizeBytes: file.size }
  const create = { method: 'POST', headers, body: JSON.stringify(declared), signal }
  const { id, request } = await (await perform(`${api}/api/uploads`, create)).json()
  await send(request, file, signal)
  const confirm = { method: 'POST', headers, signal }
  const confirmed = await perform(`${api}/api/uploads/${id}/confirm`, confirm)
  return (await confirmed.json()).avatar
}

/** `code` is stable: the service's, or S3's. `reasons` has what a rejected picture was declared to be and is. */
export class Refused extends Error {
  constructor(status, body) {
    const code = /<Code>(.*?)<\/Code>/.exec(body)?.[1] ?? status
    const problem = /^{/.test(body) ? JSON.parse(body) : { code, detail: 'The upload was refused.' }
    const reasons = problem.reasons?.map((r) => ` ${r.code}: ${r.found}; declared: ${r.declared}.`)
    super(`${problem.detail} (${problem.code})${reasons?.join('') ?? ''}`)
    Object.assign(this, { status, code: problem.code, reasons: problem.reasons })
  }
}

async function send({ method, url, headers, fields }, file, signal) {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.append(name, value)
  form.append('file', file)
  await perform(url, { method, headers, body: method === 'PUT' ? file : form, signal })
}

// All three may be repeated, so an answer that is lost, or a 503, is asked for again.
async function perform(url, init, attempt = 0) {
  try {
    const answer = await fetch(url, init)
    if (answer.ok) return answer
    // The bytes are there: the answer to an earlier attempt was lost.
    if (answer.status === 412 && init.method === 'PUT') return answer
    throw new Refused(answer.status, await answer.text())
  } catch (err) {
    if (attempt === 3 || init.signal?.aborted || err.status < 500) throw err
    await new Promise((done) => setTimeout(done, 1000 * 2 ** attempt))
    return perform(url, init, attempt + 1)
  }
}
