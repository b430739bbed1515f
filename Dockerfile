# VibeVoice for RunPod on an NVIDIA GPU (untested on one: docs/gpu.md). To build it:
#   docker build --platform linux/amd64 -t vibevoice .
# --build-arg BASE=nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04 makes a smaller image of the same.
# Nothing is downloaded but packages; the model and its voices come to the volume when a container first starts.
ARG SDK=mcr.microsoft.com/dotnet/sdk:10.0.401-noble
ARG BASE=nvidia/cuda:12.8.1-cudnn-devel-ubuntu24.04

FROM ${SDK} AS build
WORKDIR /source
COPY Directory.Build.props Directory.Build.targets Directory.Packages.props global.json ./
COPY LICENSE runpod_bootstrap.sh test_input.json ./
COPY eng/BannedSymbols.txt eng/
COPY src src
RUN dotnet publish src/VibeVoice.Server --configuration Release --runtime linux-x64 --self-contained \
      -p:PublishReadyToRun=true -p:OnnxRuntimeDevice=cuda -p:RunAnalyzers=false --output published

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="VibeVoice for RunPod" \
      org.opencontainers.image.description="Text to speech with VibeVoice as a RunPod Serverless endpoint" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# libicu carries its version in its name, another in each distribution: apt takes the pattern. Git fetches the voices.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends \
      ca-certificates espeak-ng ffmpeg git tzdata '^libicu[0-9]+$' \
 && rm -rf /var/lib/apt/lists/*
COPY --from=build /source/published /opt/vibevoice
COPY LICENSE /opt/vibevoice/
ENV PATH=/opt/vibevoice:/usr/local/nvidia/bin:/usr/local/cuda/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /opt/vibevoice
STOPSIGNAL SIGTERM
CMD ["/opt/vibevoice/runpod_bootstrap.sh"]
