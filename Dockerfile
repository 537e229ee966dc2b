# syntax=docker/dockerfile:1

FROM node:24-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
# with what is optional: OTEL_ variables alone switch traces on
RUN npm ci --omit=dev

FROM node:24-slim
LABEL org.opencontainers.image.title="Directo" \
      org.opencontainers.image.description="Self-hosted presigned uploads, verified before they count" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /app
COPY --from=modules /app/node_modules ./node_modules
COPY package.json openapi.json ./
COPY migrations ./migrations
COPY src ./src
ENV HOST=0.0.0.0 PORT=3000
RUN mkdir -p node_modules/.cache/directo && chown node node_modules/.cache/directo
USER node
# without settings it ends at once, and what Node made of the modules stays for the starts to come
RUN node src/cli.ts serve 2>&1 | grep -q 'DATABASE_URL is required'
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["node", "-e", \
  "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node is process 1 and gets the signals itself; --init is not needed, it starts no children
ENTRYPOINT ["node", "src/cli.ts"]
CMD ["serve"]
