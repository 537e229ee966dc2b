// What span is current where: OpenTelemetry's contexts, kept by Node along with every callback.

import { AsyncLocalStorage } from 'node:async_hooks'

import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api'

export const contexts = new AsyncLocalStorage<Context>()

export const contextManager: ContextManager = {
  active: () => contexts.getStore() ?? ROOT_CONTEXT,
  with: (context, work, self, ...args) => contexts.run(context, () => work.call(self!, ...args)),
  bind: (_context, target) => target, // nobody asks: Node itself keeps them with callbacks
  enable: () => contextManager,
  disable: () => contextManager
}
