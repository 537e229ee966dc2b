"""Uploads a picture as the avatar of the token's user. Needs Python 3.9 or newer and nothing else.

usage: API=https://directo.example TOKEN=... python3 directo.py picture.png
"""

import json
import os
import re
import secrets
import sys
import time
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

TYPES = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".avif": "image/avif",
}


class Refused(Exception):
    """Directo or S3 said no. `code` is stable; `reasons` has what a rejected picture was declared to be and is."""

    def __init__(self, refusal):
        body = refusal.read().decode()
        code = re.search("<Code>(.*?)</Code>", body)
        problem = {"code": code[1] if code else str(refusal.code), "detail": "The upload was refused."}
        if body.startswith("{"):
            problem = json.loads(body)
        self.status, self.code, self.reasons = refusal.code, problem["code"], problem.get("reasons", [])
        reasons = [" {code}: {found}; declared: {declared}.".format(**r) for r in self.reasons]
        super().__init__(f"{problem['detail']} ({self.code})" + "".join(reasons))


def upload_avatar(path, api, token):
    """Create, send, confirm. Returns the avatar: url, expiresAt, contentType, sizeBytes, ..."""
    picture = Path(path)
    content = picture.read_bytes()
    content_type = TYPES.get(picture.suffix.lower(), "application/octet-stream")
    declared = {"purpose": "avatar", "contentType": content_type, "sizeBytes": len(content)}
    upload = call(api, token, "/api/uploads", declared)
    send(upload["request"], content)
    return call(api, token, f"/api/uploads/{upload['id']}/confirm")["avatar"]


def call(api, token, path, body=None):
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    data = json.dumps(body).encode() if body else b""
    try:
        return json.loads(perform("POST", api + path, headers, data))
    except HTTPError as refusal:
        raise Refused(refusal) from None


def send(request, content):
    headers = dict(request["headers"])
    if request["method"] == "POST":
        boundary = secrets.token_hex(16)
        headers["content-type"] = f"multipart/form-data; boundary={boundary}"
        content = form(boundary, request["fields"], content)
    try:
        perform(request["method"], request["url"], headers, content)
    except HTTPError as refusal:
        if refusal.code != 412:  # the bytes are there: the answer to an earlier attempt was lost
            raise Refused(refusal) from None


def form(boundary, fields, content):
    head = f'--{boundary}\r\ncontent-disposition: form-data; name="%s"\r\n\r\n'
    parts = "".join(head % name + value + "\r\n" for name, value in fields.items())
    file = head.replace("\r\n\r\n", '; filename="picture"\r\n\r\n') % "file"
    return (parts + file).encode() + content + f"\r\n--{boundary}--\r\n".encode()


def perform(method, url, headers, data):
    """All three calls may be repeated, so an answer that is lost, or a 503, is asked for again."""
    for attempt in range(4):
        try:
            with urlopen(Request(url, data, headers, method=method), timeout=60) as answer:
                return answer.read()
        except (OSError, HTTPException) as err:  # an HTTPError is an OSError too
            if attempt == 3 or getattr(err, "code", 503) < 500:
                raise
            time.sleep(2**attempt)


if __name__ == "__main__":
    if len(sys.argv) != 2 or not (os.environ.get("API") and os.environ.get("TOKEN")):
        sys.exit(__doc__.splitlines()[-1])
    try:
        print(json.dumps(upload_avatar(sys.argv[1], os.environ["API"], os.environ["TOKEN"])))
    except (Refused, OSError) as err:
        sys.exit(f"directo.py: {err}")
