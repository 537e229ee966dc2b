// One line in the log for each request, when it is answered.

import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** The route is logged, not the address: ids are no business of a log. */
export class OneLine extends LogController {
  override incomingRequest() {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply
  ) {
    const facts = {
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10
    }
    if (error) request.log.error({ ...facts, err: error }, 'not answered to its end')
    else request.log.info(facts, 'answered')
  }
}
