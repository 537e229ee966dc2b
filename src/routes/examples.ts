// What answers look like, for the description of the API.

const id = '6f1d8c02b7e94a35a0d3c41e5b92f768'

export const createdUpload = {
  id,
  state: 'open',
  sendBy: '2026-11-23T14:07:00.000Z',
  expiresAt: '2026-11-23T14:12:00.000Z',
  request: {
    method: 'POST',
    url: 'https://bucket.s3.us-east-1.amazonaws.com/',
    headers: {},
    fields: { key: `staging/${id}`, 'Content-Type': 'image/png', policy: '…' }
  }
}

export const confirmedUpload = {
  id,
  state: 'confirmed',
  purpose: 'avatar',
  contentType: 'image/png',
  sizeBytes: 52341,
  createdAt: '2026-11-23T14:02:00.000Z',
  expiresAt: '2026-11-23T14:12:00.000Z',
  confirmedAt: '2026-11-23T14:02:11.000Z',
  reasons: null
}
