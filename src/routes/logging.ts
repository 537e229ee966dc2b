// One line in the log for each request, when it is answered.

import {
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  LogController
} from 'fastify'

import { serializers } from '../log.ts'

/** The logger that was asked for, which says of errors and requests what `log.ts` lets through. */
export const careful = (logger: Logger): Logger =>
  logger && ({ ...(logger === true ? {} : logger), serializers } as Logger)

type Logger = FastifyServerOptions['logger']

/** Fastify ends its log where it could not even look for a route: what answers then gets its line here. */
export const logged =
  (answer: (err: unknown, request: FastifyRequest, reply: FastifyReply) => unknown) =>
  (err: unknown, request: FastifyRequest, reply: FastifyReply) => {
    reply.raw.once('close', () => new OneLine().requestCompleted(null, request, reply))
    answer(err, request, reply)
  }

/** The route is logged, not the address: ids are no business of a log. */
export class OneLine extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' })
  }

  override incomingRequest() {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply
  ) {
    const { method, routeOptions } = request
    const { statusCode: status, problem } = reply
    const facts = {
      method,
      route: routeOptions.url,
      status,
      ...(problem && { code: problem }),
      bytes: Number(reply.getHeader('content-length') ?? 0),
      ms: Math.round(reply.elapsedTime * 10) / 10
    }
    if (error) request.log.error({ ...facts, err: error }, 'not answered to its end')
    // Balancers ask every second, and there is something to say only when it is not well.
    else if (status === 200 && routeOptions.url?.startsWith('/health/'))
      request.log.debug(facts, 'answered')
    else request.log.info(facts, 'answered')
  }
}
