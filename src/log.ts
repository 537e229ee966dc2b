// What the log says of errors, requests and answers: what is listed here, and nothing that others put there.

export interface Told {
  /** The error's class, or what S3 calls it. */
  type: string
  message?: string
  /** Where it was thrown, a line for each frame. */
  stack?: string
  cause?: Told
  [fact: string]: unknown
}

/**
 * An error as the log may have it. Messages quote what was given: Postgres a parameter, S3 a signature,
 * JSON.parse a body, Node an argument. So there is a message only where it was we who threw, and of all
 * that errors carry besides (requests, answers, statements, raw packets) these facts alone.
 */
export function told(err: unknown, depth = 0): Told {
  if (!(err instanceof Error)) return { type: typeof err }
  const frames = framesOf(err)
  return {
    type: typeOf(err),
    ...(isOurs(err, frames) && { message: err.message }),
    ...factsOf(err),
    stack: frames.join('\n'),
    ...(err.cause !== undefined && depth < 3 && { cause: told(err.cause, depth + 1) })
  }
}

/** The class of an error, or the code that S3 gave it: letters, whatever a store answers. */
export const typeOf = (err: Error) =>
  safeCode(err.name === 'Error' ? err.constructor.name : err.name)

/** A code as S3 has them; stores that quote a secret in its place are not repeated. */
export const safeCode = (code: string) => (/^[A-Za-z]{1,60}$/.test(code) ? code : 'Unknown')

const facts: Record<string, RegExp> = {
  code: /^[A-Z\d_]{1,40}$/, // SQLSTATE; Node's and the libraries' own
  syscall: /^[a-z]{1,20}$/,
  hostname: /^[\w.-]{1,253}$/,
  address: /^[\da-f.:]{2,45}$/i,
  port: /^\d{1,5}$/,
  table_name: /^\w{1,63}$/,
  constraint_name: /^\w{1,63}$/,
  routine: /^\w{1,63}$/,
  httpStatusCode: /^\d{3}$/,
  requestId: /^[\w./+=:-]{1,128}$/, // S3's own, which its operator can look up
  attempts: /^\d{1,2}$/
}

function factsOf(err: Error) {
  const all = err as unknown as Record<string, unknown>
  const known = Object.entries(facts).filter(([name, form]) => {
    const value = all[name]
    return (typeof value === 'string' || typeof value === 'number') && form.test(`${value}`)
  })
  return Object.fromEntries(known.map(([name]) => [name, all[name]]))
}

// A message may have lines that look like frames.
function framesOf({ stack = '', message }: Error) {
  const said = new Set(`${message}`.split('\n')) // some have none, or no text
  return stack.split('\n').filter((line) => /^ {4}at .{1,300}$/.test(line) && !said.has(line))
}

const HERE = new URL('.', import.meta.url).href

// Those of the language quote as well: "Cannot use 'in' operator to search for 'x' in <the value>".
function isOurs(err: Error, frames: string[]) {
  const thrown = frames.find((frame) => !frame.startsWith('    at new '))
  return Boolean(thrown?.includes(HERE)) && !languages.some((one) => err instanceof one)
}

const languages = [TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError]

/** For pino, in the place of Fastify's, which give away addresses and all that an error carries. */
export const serializers = {
  err: (err: unknown) => told(err),
  req: ({ method, routeOptions }: { method?: string; routeOptions?: { url?: string } }) => ({
    method,
    route: routeOptions?.url
  }),
  res: ({ statusCode }: { statusCode?: number }) => ({ status: statusCode })
}
