// What every call to the service needs, and what a watcher is told.

export interface ClientOptions {
  /** Where the service is: `https://directo.example`; in a browser also relative, '' for the page's own origin. */
  baseUrl: string
  /**
   * The user's token, or what gets one. A function is asked for each request, and once more, with
   * `true`, when the service refused what it gave.
   */
  token: string | ((refused: boolean) => string | Promise<string>)
  /** Cancels: the transfer stops, and the upload is aborted on the server. */
  signal?: AbortSignal
  /** How often a call is repeated that met a broken connection or a busy server; 3 if left out. */
  retries?: number
  /**
   * How long the service may take to answer, and a transfer stand still; 60 if left out. Where there is no
   * XMLHttpRequest, nobody knows whether it stands still: all of it may take five times as long.
   */
  timeoutSeconds?: number
  /** In place of the global `fetch`; bytes go by XMLHttpRequest where there is one, for its progress. */
  fetch?: typeof fetch
  /** Is told of each request when it begins, and again when it is over. */
  onStep?: (step: Step) => void
}

/** One request as it was made; the token is left out. */
export interface Step {
  name: 'create' | 'send' | 'confirm' | 'abort' | 'read'
  /** The same object begins and ends; a repetition is another. */
  request: { method: string; url: string; headers: Record<string, string>; body?: unknown }
  /** There once it is over, unless it failed. */
  answer?: { status: number; body: string }
  /** What went wrong, where no answer came. */
  error?: unknown
}

/** What S3 is to be sent: a form of `fields` and then the file, or the bytes alone with `headers`. */
export interface GrantRequest {
  method: 'POST' | 'PUT'
  url: string
  headers: Record<string, string>
  fields: Record<string, string>
}
