// The client against the real service and the sandbox: from a file to an avatar.

import t from 'tap'

import { uploadAvatar } from '../../src/client/index.ts'
import { png } from '../support/pictures.ts'
import { download } from '../support/send.ts'
import { fileOf, startClient } from './support.ts'

for (const method of ['post', 'put']) {
  t.test(`a picture becomes the avatar by ${method.toUpperCase()}`, async (t) => {
    const { options, ada } = await startClient(t, { UPLOAD_METHOD: method })
    const told: number[] = []
    const avatar = await uploadAvatar(fileOf(png(64)), {
      ...options,
      prepare: false,
      onProgress: (fraction) => told.push(fraction)
    })
    t.same(await download(avatar.url), png(64))
    t.match(await ada.avatar(), { width: 64, height: 64 })
    t.same(told, [0, 0.95, 1], 'all of it only once it is confirmed')
  })
}
