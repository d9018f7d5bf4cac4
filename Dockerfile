# One image for every process: `wgshop api`, `wgshop worker`, `wgshop bot`, `wgshop migrate`, ...
FROM python:3.13-slim-trixie

RUN groupadd --gid 10001 wgshop \
    && useradd --uid 10001 --gid wgshop --home-dir /nonexistent --no-create-home wgshop

# The dependencies change seldom, so their layer comes first. No compiler is needed or there.
COPY requirements-prod.lock /tmp/
RUN pip install --no-cache-dir --require-hashes --only-binary :all: --no-binary yookassa \
    -r /tmp/requirements-prod.lock

WORKDIR /opt/wgshop
COPY activities/ activities/
COPY api/ api/
COPY bot/ bot/
COPY domain/ domain/
COPY infra/ infra/
COPY temporal/ temporal/
COPY workers/ workers/
COPY workflows/ workflows/
COPY --chmod=755 deploy/wgshop /usr/local/bin/wgshop

ENV PYTHONPATH=/opt/wgshop \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
ENTRYPOINT ["wgshop"]
CMD ["--help"]
