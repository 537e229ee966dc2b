// One's own picture: at rest, being cropped, on its way.

import { type Avatar, AvatarUploadError, type Step, uploadAvatar } from '../../client/index.ts'
import { openCropper } from './crop.ts'
import { byId, sizeText } from './dom.ts'
import { openPicture, watchForPictures } from './pick.ts'
import { showPortrait } from './portrait.ts'
import { type Person, removeAvatar, tokenOf } from './service.ts'

const GONE = 'Nothing was done: Directo does not answer.'

export interface StageOptions {
  begin: () => void
  onStep: (step: Step) => void
  /** The person's picture is another one, or none. */
  onChange: () => Promise<unknown>
}

/** The card over `#stage`; `show` says whose it is and what they have. */
export function openStage({ begin, onStep, onChange }: StageOptions) {
  const cropper = openCropper()
  let person: Person
  let file: Blob
  let cancelling = new AbortController()

  const view = (wanted: 'rest' | 'crop' | 'sending') => {
    for (const id of ['rest', 'crop', 'sending']) byId(id).hidden = id !== wanted
  }
  const say = (text: string, kind = '') => {
    byId('said').textContent = text
    byId('said').dataset.kind = kind
  }

  async function choose(chosen: Blob) {
    if (!byId('sending').hidden) return
    try {
      const picture = await openPicture(chosen)
      file = chosen
      say('')
      view('crop')
      cropper.show(picture)
      byId('frame').focus()
    } catch (err) {
      say(sentenceOf(err), 'bad')
    }
  }

  async function upload() {
    cancelling = new AbortController()
    const { signal } = cancelling
    const uploader = person
    begin()
    say('')
    progress(0)
    byId('leaving').querySelector('canvas')?.remove()
    byId('leaving').prepend(cropper.preview())
    view('sending')
    byId('cancel').focus()
    try {
      await uploadAvatar(file, {
        baseUrl: '',
        token: tokenOf(uploader),
        prepare: { crop: cropper.part() },
        onProgress: progress,
        onStep,
        signal
      })
      await onChange()
      end('Verified, with nothing in it but pixels.', 'good')
    } catch (err) {
      end(sentenceOf(err), signal.aborted ? '' : 'bad')
    }

    // Unless the card is somebody else's by now.
    function end(text: string, kind: string) {
      if (person !== uploader) return
      say(text, kind)
      rest()
    }
  }

  function progress(fraction: number) {
    const percent = Math.round(fraction * 100)
    byId('ring').style.setProperty('--done', `${fraction}`)
    byId('bar').setAttribute('aria-valuenow', `${percent}`)
    byId('percent').textContent = `${percent} %`
    byId('doing').textContent = fraction < 0.95 ? 'Uploading' : 'Verifying'
  }

  async function remove() {
    try {
      await removeAvatar(person)
      await onChange()
      say('Removed. Addresses of it that were given out end within the hour.')
    } catch {
      say(GONE, 'bad')
      await onChange() // which finds out more
    }
    rest()
  }

  function rest() {
    view('rest')
    byId('choose').focus()
  }

  watchForPictures(choose)
  byId('upload').addEventListener('click', upload)
  byId('back').addEventListener('click', rest)
  byId('cancel').addEventListener('click', () => cancelling.abort())
  byId('remove').addEventListener('click', remove)

  return {
    become(other: Person) {
      cancelling.abort()
      person = other
      say('')
      view('rest')
    },
    show(avatar: Avatar | null) {
      showPortrait(byId('portrait'), person, avatar?.url ?? null)
      byId('name').textContent = person.name
      byId('facts').textContent = avatar ? factsOf(avatar) : 'No picture yet'
      byId('choose').textContent = avatar ? 'Replace' : 'Choose a picture'
      byId('remove').hidden = !avatar
      byId('stage').dataset.has = avatar ? 'picture' : 'none'
    }
  }
}

const factsOf = ({ width, height, sizeBytes, contentType }: Avatar) =>
  `${width} × ${height} · ${sizeText(sizeBytes)} · ${contentType.replace('image/', '').toUpperCase()}`

const sentenceOf = (err: unknown) => (err instanceof AvatarUploadError ? err.message : GONE)
