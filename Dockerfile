# One image, two programs: run it as the service (`serve`) and, with its own user and volume, as the signer.
#   docker build -t countersign .
#   docker run countersign serve --config /etc/countersign/service.yaml
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential python3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json ./
COPY scripts/build.mjs scripts/
COPY src src
RUN npm run build && npm prune --omit=dev

FROM ${NODE_IMAGE}
# The PKCS#11 module. SoftHSM is for trials; for a YubiHSM 2 install the vendor's package in an image built on this one.
ARG PKCS11_PACKAGES=softhsm2
RUN apt-get update \
 && apt-get install -y --no-install-recommends ${PKCS11_PACKAGES} \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system countersign \
 && useradd --system --gid countersign --home-dir /var/lib/countersign --create-home countersign \
 && useradd --system --gid countersign --home-dir /var/lib/countersign-signer --create-home countersign-signer \
 && chmod 0700 /var/lib/countersign /var/lib/countersign-signer
WORKDIR /opt/countersign
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
COPY config /etc/countersign/examples
COPY softhsm softhsm
ENV NODE_ENV=production
# The signer is started with --user countersign-signer; both share the group that may use the signer's socket.
USER countersign
# The API, and the gateway if it is configured.
EXPOSE 8440 8442
# Room for what verifying a large dossier leaves behind, and no helper threads to clear it away: on few processors they hold up the one
# that the token signs on. Some 150 MB more at most.
ENTRYPOINT ["node", "--max-semi-space-size=64", "--no-parallel-scavenge", "/opt/countersign/dist/main.js"]
CMD ["--help"]
