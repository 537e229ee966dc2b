// <avatar-upload>: choose, drop, paste or take a picture, see it arrive, cancel it. Registers itself.

import { type Avatar, readAvatar } from './avatar.ts'
import { listen } from './element-input.ts'
import { type Texts, texts } from './element-texts.ts'
import { type View, viewIn } from './element-view.ts'
import { type AvatarUploadError, codeOf } from './error.ts'
import type { ClientOptions } from './options.ts'
import { type Status, type UploadOptions, uploadAvatar } from './upload.ts'

// A server that renders pages imports this too, and has no elements.
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement

/**
 * Attributes `base-url`, `user-id` (whose picture is shown; `me` if left out), `accept`, `capture`, and `text-…` for
 * each of the texts. Events `avatar-upload` (detail: the avatar), `avatar-upload-progress` (0 to 1),
 * `avatar-upload-error` (the AvatarUploadError).
 */
export class AvatarUploadElement extends Base {
  static observedAttributes = [
    'base-url',
    'user-id',
    ...Object.keys(texts).map((name) => `text-${name}`)
  ]

  /** What else uploadAvatar takes: `cancel` is its signal, and `avatar-upload-progress` its onProgress. */
  declare options?: Omit<UploadOptions, 'baseUrl' | 'token' | 'onProgress' | 'signal'>
  #token: ClientOptions['token'] | undefined
  #running: AbortController | undefined
  #view: View | undefined
  /** Counts what wants to show a picture: the latest wins. */
  #shown = 0

  get token() {
    return this.#token
  }
  /** Whose token it is, their picture is shown. Another token is another person: what is under way is cancelled. */
  set token(token) {
    if (token === this.#token) return
    this.#token = token
    this.#stop()
    if (this.#view) this.#become('idle', '')
    this.#showAnother()
  }

  connectedCallback() {
    this.#view ??= this.#build()
    // Set before this class was there, it hides the setter.
    const own = Object.getOwnPropertyDescriptor(this, 'token')
    Reflect.deleteProperty(this, 'token')
    if (own) this.#token = own.value
    this.#say()
    this.#show()
  }

  disconnectedCallback() {
    this.cancel()
  }

  attributeChangedCallback(name: string, was: string | null, is: string | null) {
    if (name.startsWith('text-')) this.#say()
    else if (was !== is) this.#showAnother()
  }

  /** Uploads a picture, and cancels one that is still on its way. Null when it failed or was cancelled. */
  async upload(file: Blob): Promise<Avatar | null> {
    this.#stop()
    const mine = new AbortController()
    this.#running = mine
    this.#become('uploading', `${this.#text('uploading')}…`)
    try {
      const onProgress = (fraction: number) => {
        if (this.#running === mine) this.#progress(fraction)
      }
      const avatar = await uploadAvatar(file, { ...this.#given(), onProgress, signal: mine.signal })
      if (this.#running !== mine) return null
      this.#shown++
      this.#picture(avatar)
      this.#become('done', this.#text('done'))
      this.#tell('avatar-upload', avatar)
      return avatar
    } catch (err) {
      if (this.#running !== mine) return null
      if (codeOf(err) === 'CANCELLED') this.#become('cancelled', this.#text('cancelled'))
      else this.#fail(err as AvatarUploadError)
      return null
    } finally {
      if (this.#running === mine) this.#running = undefined
    }
  }

  cancel() {
    this.#running?.abort() // its outcome says whether that was in time
  }

  #stop() {
    this.#running?.abort()
    this.#running = undefined
  }

  #given(): UploadOptions {
    const baseUrl = this.getAttribute('base-url') ?? ''
    return { ...this.options, baseUrl, token: this.#token ?? '' }
  }

  /** Whatever the answer will be, nobody sees the picture of whoever it was before. */
  #showAnother() {
    if (this.#view) this.#picture(null)
    this.#show()
  }

  async #show() {
    const mine = ++this.#shown
    if (!this.#token || !this.isConnected) return
    try {
      const avatar = await readAvatar(this.getAttribute('user-id') ?? 'me', this.#given())
      // Somebody else may have signed in, or a newer picture may have arrived.
      if (this.#shown === mine) this.#picture(avatar)
    } catch (err) {
      if (this.#shown === mine) this.#tell('avatar-upload-error', err)
    }
  }

  #picture(avatar: Avatar | null) {
    const { picture, placeholder } = this.#view!
    if (avatar) picture.src = avatar.url
    else picture.removeAttribute('src')
    picture.hidden = !avatar
    placeholder.toggleAttribute('hidden', Boolean(avatar))
    this.toggleAttribute('has-picture', Boolean(avatar))
    this.#say()
  }

  #become(status: Status, said: string) {
    const view = this.#view!
    const hadFocus = this.shadowRoot?.activeElement === view.cancel
    this.setAttribute('status', status)
    view.progress.hidden = view.cancel.hidden = status !== 'uploading'
    view.progress.value = 0
    view.status.textContent = said
    view.error.textContent = ''
    // What is hidden loses the focus, and with it the place of whoever uses the keyboard.
    if (hadFocus && view.cancel.hidden) view.choose.focus()
  }

  #fail(error: AvatarUploadError) {
    this.#become('failed', '')
    const codes = [error.reasons?.[0]?.code, error.code]
    const said = codes.map((code) => this.getAttribute(`text-${code}`)).find(Boolean)
    this.#view!.error.textContent = said ?? error.message
    this.#tell('avatar-upload-error', error)
  }

  #progress(fraction: number) {
    const { progress, status } = this.#view!
    progress.value = fraction
    // Each change is read aloud: quarters are enough.
    const quarter = Math.floor(fraction * 4) * 25
    if (quarter > 0 && fraction < 1)
      this.#sayOnce(status, `${this.#text('uploading')}, ${quarter} %`)
    this.#tell('avatar-upload-progress', fraction)
  }

  #sayOnce(where: HTMLElement, said: string) {
    if (where.textContent !== said) where.textContent = said
  }

  #say() {
    if (!this.#view) return
    const { label, hint, cancel, progress, picture } = this.#view
    const hasPicture = this.hasAttribute('has-picture')
    label.textContent = this.#text(hasPicture ? 'replace' : 'choose')
    hint.textContent = this.#text('hint')
    cancel.textContent = this.#text('cancel')
    progress.ariaLabel = this.#text('uploading')
    picture.alt = this.#text('picture')
  }

  #text(name: keyof Texts) {
    return this.getAttribute(`text-${name}`) ?? texts[name]
  }

  #tell(type: string, detail: unknown) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }))
  }

  #build() {
    const view = viewIn(this.attachShadow({ mode: 'open' }))
    listen(this, view)
    return view
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'avatar-upload': AvatarUploadElement
  }
}

globalThis.customElements?.define('avatar-upload', AvatarUploadElement)
