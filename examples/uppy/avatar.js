// Uppy's Dashboard for an avatar: Directo signs, S3 takes the bytes, Directo confirms.

import '@uppy/core/css/style.min.css'
import '@uppy/dashboard/css/style.min.css'

import AwsS3 from '@uppy/aws-s3'
import Uppy from '@uppy/core'
import Dashboard from '@uppy/dashboard'

/**
 * @param {HTMLElement} target what the Dashboard is put in
 * @param {{ api: string, getToken: () => Promise<string> }} directo where the service is, and who uploads
 * @returns {Uppy} when it is `complete`, the avatar is in `successful[0].response.body`
 */
export function showAvatarUploader(target, { api, getToken }) {
  const uploads = new Map() // by Uppy's id of the file, as long as they are open
  const uppy = new Uppy({
    // As the service has them. It refuses the rest by itself; this spares people the wait.
    restrictions: {
      maxNumberOfFiles: 1,
      maxFileSize: 5 * 1024 * 1024,
      allowedFileTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/avif']
    }
  })
  uppy.use(Dashboard, { target, inline: true })
  uppy.use(AwsS3, { signRequest: create, generateObjectKey: ({ id }) => id })
  uppy.addPostProcessor((ids) => Promise.all(ids.map(confirm)))
  uppy.on('file-removed', ({ id }) => abort(id))
  return uppy

  // Directo chooses the key. The one that Uppy asks for only says which file it is.
  async function create({ key: id }) {
    abort(id) // of an attempt before: only so many may be open
    const { type, data } = uppy.getFile(id)
    const declared = { purpose: 'avatar', contentType: type, sizeBytes: data.size }
    const upload = await call('POST', '', declared)
    uploads.set(id, upload.id)
    const { method, url, headers, fields } = upload.request
    return method === 'PUT' ? { url, headers } : { url, fields }
  }

  async function confirm(id) {
    const file = uppy.getFile(id)
    if (!file || file.error) return
    uppy.emit('postprocess-progress', file, { mode: 'indeterminate', message: 'Verifying' })
    try {
      const { avatar } = await call('POST', `/${uploads.get(id)}/confirm`)
      uploads.delete(id)
      if (uppy.getFile(id)) uppy.setFileState(id, { response: { status: 200, body: { avatar } } })
    } catch (err) {
      if (!uppy.getFile(id)) return
      // Or there would be no "Retry", which sends it again with a grant of its own.
      uppy.setFileState(id, { progress: { ...file.progress, uploadComplete: false } })
      uppy.emit('upload-error', uppy.getFile(id), err)
    }
  }

  function abort(id) {
    const upload = uploads.get(id)
    if (!uploads.delete(id)) return
    call('DELETE', `/${upload}`).catch(() => {}) // it expires by itself
  }

  // Nobody answered, or a 503: that is asked again, as Uppy does with S3. Any of the calls may be repeated.
  async function call(method, path, body, attempt = 1) {
    try {
      return await callOnce(method, path, body)
    } catch (err) {
      if (attempt === 3 || err.status < 500) throw err
      await new Promise((done) => setTimeout(done, 1000 * attempt))
      return call(method, path, body, attempt + 1)
    }
  }

  async function callOnce(method, path, body) {
    const headers = { authorization: `Bearer ${await getToken()}` }
    if (body) headers['content-type'] = 'application/json'
    const init = { method, headers, body: body && JSON.stringify(body) }
    const reply = await fetch(`${api}/api/uploads${path}`, init)
    if (reply.status === 204) return
    const answer = await reply.json().catch(() => null)
    if (reply.ok && answer) return answer
    const details = answer?.reasons?.map(({ found }) => found).join(', ')
    // A load balancer's page says nothing to people.
    const message = answer?.detail ?? 'Directo does not answer.'
    throw Object.assign(new Error(message), { status: reply.status, details })
  }
}
