// A client as openapi-typescript makes it: what it lets pass and what not is what the API takes and answers.

import createClient from 'openapi-fetch'

import type { components, paths } from './generated.js'

const api = createClient<paths>({ baseUrl: 'http://127.0.0.1:3000' })
type Avatar = components['schemas']['Avatar']

export async function upload(
  body: components['schemas']['UploadDeclaration']
): Promise<Avatar | null> {
  const created = await api.POST('/api/uploads', { body })
  if (created.error) {
    if (created.error.code === 'TOO_MANY_OPEN_UPLOADS') return null
    // @ts-expect-error: creating an upload never says this
    if (created.error.code === 'OBJECT_MISSING') return null
    throw new Error(created.error.detail)
  }
  const { id, request } = created.data
  const fields: Record<string, string> = request.fields
  const method: 'POST' | 'PUT' = request.method
  console.log(method, fields)
  const { data, error } = await api.POST('/api/uploads/{id}/confirm', { params: { path: { id } } })
  if (error?.code === 'OBJECT_REJECTED') {
    for (const { code, declared, found } of error.reasons ?? []) console.log(code, declared, found)
  }
  return data?.avatar ?? null
}

export async function avatars(userId: string[]) {
  const { data } = await api.GET('/api/avatars', { params: { query: { userId } } })
  return data?.avatars.map(({ avatar }) => avatar?.width ?? 0)
}

// @ts-expect-error: a declaration has a size
void upload({ purpose: 'avatar', contentType: 'image/png' })
// @ts-expect-error: there is one purpose
void upload({ purpose: 'invoice', contentType: 'image/png', sizeBytes: 1 })
// @ts-expect-error: no such call
void api.PUT('/api/uploads', {})
