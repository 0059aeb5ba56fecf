FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data
WORKDIR /srv/tertulia
COPY requirements.txt .
RUN pip install --no-cache-dir --disable-pip-version-check -r requirements.txt
COPY webapp webapp
COPY templates templates
COPY static static
RUN useradd --system --home-dir /data tertulia && mkdir /data && chown tertulia /data
USER tertulia
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/up')"]
CMD ["python", "-m", "webapp", "serve", "--host", "0.0.0.0"]
