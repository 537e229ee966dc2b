// FilePond for an avatar: Directo's three calls as its `server`.

import 'filepond/dist/filepond.min.css'

import { create } from 'filepond'

/**
 * @param {HTMLInputElement} input an <input type="file"> to take the place of
 * @param {{ api: string, getToken: () => Promise<string>, onAvatar: (avatar: object) => void }} directo
 *   where the service is, who uploads, and who is told of the avatar
 */
export function showAvatarUploader(input, { api, getToken, onAvatar }) {
  return create(input, {
    // No revert: FilePond would call it also while it sends the next picture, and remove that one.
    server: { process, revert: null },
    labelTapToUndo: 'tap to choose another',
    labelFileProcessingError: ({ body }) => body
  })

  function process(_field, file, _metadata, load, error, progress, abort) {
    const controller = new AbortController()
    const { signal } = controller
    upload(file, signal, progress).then(
      ({ upload, avatar }) => {
        if (avatar) onAvatar(avatar) // null where a later one has replaced it already
        load(upload.id)
      },
      (err) => signal.aborted || error(err.message)
    )
    const stop = () => {
      controller.abort()
      abort()
    }
    return { abort: stop }
  }

  async function upload(file, signal, progress) {
    const declared = { purpose: 'avatar', contentType: file.type, sizeBytes: file.size }
    const { id, request } = await call('POST', '', declared)
    try {
      signal.throwIfAborted()
      await send(request, file, signal, progress)
      return await call('POST', `/${id}/confirm`)
    } catch (err) {
      call('DELETE', `/${id}`).catch(() => {}) // it expires by itself
      throw err
    }
  }

  // Only XMLHttpRequest tells how far it is.
  function send({ method, url, headers, fields }, file, signal, progress) {
    const form = new FormData()
    for (const [name, value] of Object.entries(fields)) form.append(name, value)
    form.append('file', file)
    const xhr = new XMLHttpRequest()
    xhr.open(method, url)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.upload.onprogress = (event) => progress(event.lengthComputable, event.loaded, event.total)
    signal.addEventListener('abort', () => xhr.abort())
    return new Promise((done, fail) => {
      xhr.onloadend = () => {
        const code = /<Code>(.*?)<\/Code>/.exec(xhr.responseText)?.[1] ?? 'no answer'
        if (xhr.status >= 200 && xhr.status < 300) done()
        else fail(new Error(`The picture could not be stored (${code}).`))
      }
      xhr.send(method === 'PUT' ? file : form)
    })
  }

  async function call(method, path, body) {
    const headers = { authorization: `Bearer ${await getToken()}` }
    if (body) headers['content-type'] = 'application/json'
    const init = { method, headers, body: body && JSON.stringify(body) }
    const reply = await fetch(`${api}/api/uploads${path}`, init)
    if (reply.status === 204) return
    const answer = await reply.json().catch(() => null)
    if (reply.ok && answer) return answer
    const found = answer?.reasons?.map(({ found }) => ` ${found}.`).join('') ?? ''
    // A load balancer's page says nothing to people.
    throw new Error((answer?.detail ?? 'Directo does not answer.') + found)
  }
}
