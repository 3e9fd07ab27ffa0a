# intransit on Debian slim. Nothing of the build is in the image that runs; it runs as nobody in particular and writes only
# where a volume is. docs/deploy.md says what of this was not run.
ARG NODE_IMAGE=node:24.11.1-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /opt/intransit
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY src ./src
RUN npm run --silent build && npm prune --omit=dev --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="intransit" \
      org.opencontainers.image.description="Passive encryption-in-transit monitor" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --system --gid 10001 intransit \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
        --shell /usr/sbin/nologin intransit \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/intransit
WORKDIR /opt/intransit
COPY --from=build /opt/intransit/package.json ./
COPY --from=build /opt/intransit/node_modules ./node_modules
COPY --from=build /opt/intransit/dist ./dist
COPY deploy/healthcheck.mjs LICENSE ./
ENV NODE_ENV=production
USER 10001:10001
WORKDIR /var/lib/intransit
VOLUME ["/var/lib/intransit"]
EXPOSE 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["node", "/opt/intransit/healthcheck.mjs"]
ENTRYPOINT ["node", "/opt/intransit/dist/main.js"]
CMD ["--help"]
