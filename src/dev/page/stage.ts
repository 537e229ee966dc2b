// One's own picture: at rest, being cropped, on its way.

import { type Avatar, AvatarUploadError, type Step, uploadAvatar } from '../../client/index.ts'
import { openCropper } from './crop.ts'
import { byId, sizeText } from './dom.ts'
import { openPicture, watchForPictures } from './pick.ts'
import { showPortrait } from './portrait.ts'
import { type Person, removeAvatar, tokenOf } from './service.ts'

const GONE = 'Nothing was done: Directo does not answer.'
const SAVED = 'It was too late to cancel: the picture had been saved already.'
const views = { rest: ['rest', 'choices'], crop: ['crop'], sending: ['sending'] }

interface StageOptions {
  begin: () => void
  onStep: (step: Step) => void
  /** The person's picture may be another one by now, or none. */
  onChange: () => Promise<unknown>
}

/** The card over `#stage`; `show` says whose it is and what they have. */
export function openStage({ begin, onStep, onChange }: StageOptions) {
  const cropper = openCropper()
  let person: Person
  let file: Blob
  let cancelling = new AbortController()
  let latest = {}

  const view = (wanted: keyof typeof views) => {
    for (const id of Object.values(views).flat()) byId(id).hidden = !views[wanted].includes(id)
  }
  const say = (text: string, kind = '') => {
    byId('said').textContent = text
    byId('said').dataset.kind = kind
  }

  async function choose(chosen: Blob) {
    if (!byId('sending').hidden) return
    const { isLatest } = beginTurn()
    try {
      const picture = await openPicture(chosen)
      if (!isLatest()) return picture.close()
      file = chosen
      say('')
      view('crop')
      cropper.show(picture)
      byId('frame').focus()
    } catch (err) {
      if (isLatest()) say(sentenceOf(err), 'bad')
    }
  }

  async function upload() {
    cancelling = new AbortController()
    const { signal } = cancelling
    const { isLatest, end } = beginTurn()
    begin()
    say('')
    progress(0)
    byId('doing').textContent = 'Uploading'
    byId('leaving').querySelector('canvas')?.remove()
    byId('leaving').prepend(cropper.preview())
    view('sending')
    byId('cancel').focus()
    try {
      await uploadAvatar(file, {
        baseUrl: '',
        token: tokenOf(person),
        prepare: { crop: cropper.part() },
        onProgress: progress,
        onStep: watch,
        signal
      })
      await onChange()
      end('Verified, with nothing in it but pixels.', 'good')
    } catch (err) {
      end(sentenceOf(err), signal.aborted ? '' : 'bad')
    }

    function watch(step: Step) {
      onStep(step)
      if (step.name === 'confirm') byId('doing').textContent = 'Verifying'
      if (step.name === 'abort' && step.answer?.status === 409) saved()
    }

    // Confirm and cancel race, and only the answer to the abort tells which of them won.
    async function saved() {
      await onChange()
      if (isLatest()) say(SAVED)
    }
  }

  function progress(fraction: number) {
    const percent = Math.round(fraction * 100)
    byId('ring').style.setProperty('--done', `${fraction}`)
    byId('bar').setAttribute('aria-valuenow', `${percent}`)
    byId('percent').textContent = `${percent} %`
  }

  async function remove() {
    const { end } = beginTurn()
    try {
      await removeAvatar(person)
      await onChange()
      end('Removed. Addresses of it that were given out end within the hour.')
    } catch {
      end(GONE, 'bad')
      await onChange() // which finds out more
    }
  }

  // What ends when something else has been begun since leaves the card alone.
  function beginTurn() {
    const own = {}
    latest = own
    const isLatest = () => latest === own
    const end = (text: string, kind = '') => {
      if (!isLatest()) return
      say(text, kind)
      rest()
    }
    return { isLatest, end }
  }

  function rest() {
    view('rest')
    byId('choose').focus()
  }

  function back() {
    beginTurn()
    rest()
  }

  watchForPictures(choose)
  byId('upload').addEventListener('click', upload)
  byId('back').addEventListener('click', back)
  byId('cancel').addEventListener('click', () => cancelling.abort())
  byId('remove').addEventListener('click', remove)

  return {
    become(other: Person) {
      cancelling.abort()
      beginTurn()
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
