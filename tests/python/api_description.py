"""Tries the license server against its own description: URL COUPON...

Schemathesis makes the requests from /v1/openapi.json. Most are signed here, by hosts that are registered first, as
docs/api.md says; the rest goes out as it was generated. Fails if an answer is not as described, or if a call never
came to a statement or what else it is for.
"""

import base64
import collections
import hashlib
import json
import pathlib
import random
import re
import sys

import jsonschema_rs
import requests
import schemathesis
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis.strategies import characters, from_regex
from openapi_spec_validator import validate
from schemathesis.cli import schemathesis as command
from schemathesis.core.parameters import ParameterLocation

HERE = pathlib.Path(__file__).parent
URL, COUPONS = sys.argv[1], sys.argv[2:]
# A failure is to come again.
SEED = "20261124"
DESCRIPTION = requests.get(URL + "/v1/openapi.json", timeout=10).json()
NO_BODY = b""
ASCII = characters(min_codepoint=33, max_codepoint=126)

chance = random.Random(SEED)
request_ids = (number.to_bytes(16, "big") for number in range(1, sys.maxsize))
statuses = collections.defaultdict(collections.Counter)


def base64_of(content):
    return base64.b64encode(content).decode()


class Host(requests.auth.AuthBase):
    """A host, which signs the exact bytes of its requests."""

    def __init__(self, seed):
        self.key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
        self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.number = self.receipt = self.session = None
        self.is_bound = False

    def __call__(self, request):
        body = request.body or NO_BODY
        body = body.encode() if isinstance(body, str) else body
        request_id = base64_of(next(request_ids))
        lines = [request.method, request.path_url, hashlib.sha256(body).hexdigest(), request_id, "0"]
        signature = self.key.sign(b"licensed request v1\0" + "\n".join(lines).encode())
        request.headers.update(
            {
                "licensed-host-key": "ed25519:" + base64_of(self.public),
                "idempotency-key": request_id,
                "licensed-serial": "0",
                "licensed-signature": base64_of(signature),
            }
        )
        return request

    def call(self, path, call):
        body = {"nonce": base64_of(bytes(32)), "evidence": [], "receipt": self.receipt, "call": call}
        response = requests.post(URL + path, json=body, auth=self, timeout=10)
        response.raise_for_status()
        self.hear(path, response.json())

    def hear(self, path, answer):
        """Holds what it was told."""
        if answer["statement"]:
            self.receipt = answer["receipt"]
            self.number = content(answer["statement"])["number"]
            self.is_bound = True
        self.session = answer["session"] or self.session
        if path == "/v1/drop":
            self.is_bound = False


def content(signed):
    return json.loads(base64.b64decode(signed["payload"]))


def company(name):
    return {"register": {"company": name, "email": name + "@example.com", "contact": name}}


hosts = [Host(seed) for seed in range(1, 5)]
for host in hosts:
    host.call("/v1/register", company(f"company{host.public.hex()}"))
# These say what hosts say; what the others say is generated.
honest = hosts[:3]
# Its number changes behind its back, so that it always has news; others would wait for a minute.
waiting, meddler = Host(5), Host(6)
waiting.call("/v1/register", company("waiting"))
meddler.call("/v1/activate", {"activate": {"number": waiting.number}})
seeds = iter(range(7, 256))
signers = {}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Says how to make the headers: schemathesis itself makes them of letters and digits alone."""
    for name, parameter in raw_schema["components"]["parameters"].items():
        if "pattern" in parameter["schema"]:
            schemathesis.openapi.format(name, from_regex(parameter["schema"]["pattern"], fullmatch=True, alphabet=ASCII))
            parameter["schema"]["format"] = name


@schemathesis.hook
def before_call(context, case, kwargs):
    """Signs the request, unless its headers are to be wrong or chance says no."""
    is_to_be_wrong = {place: part.mode.is_negative for place, part in case.meta.components.items()}
    if is_to_be_wrong.get(ParameterLocation.HEADER, True) or chance.random() < 0.1:
        return
    host = waiting if case.path == "/v1/changed" else chance.choice(hosts)
    if case.path == "/v1/register" and chance.random() < 0.5:
        host = Host(next(seeds))
    if isinstance(case.body, dict) and not is_to_be_wrong.get(ParameterLocation.BODY):
        case.body["call"] = whole(case.body["call"])
        if host in honest and case.method == "POST":
            case.body = realistic(case.body, host)
            if not host.is_bound:
                host.call("/v1/activate", {"activate": {"number": host.number}})
    signers[case.id] = host
    kwargs["auth"] = host


def whole(value):
    """JSON Schema takes 45.0 for an integer, too; the server does not."""
    if isinstance(value, dict):
        return {name: whole(field) for name, field in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


def realistic(body, host):
    """The call with numbers, seats, coupons and products that there are."""
    known = {
        "number": host.number,
        "session": host.session,
        "coupon": COUPONS[0] if COUPONS else None,
        "product": chance.choice([11, 81, 96]),
        "feature": chance.choice([33, 45, 46]),
    }
    call = body["call"]
    if isinstance(call, dict):
        ((name, fields),) = call.items()
        fields = {field: known.get(field) or value for field, value in fields.items()}
        if name == "coupon" and COUPONS:
            COUPONS.pop(0)
        call = {name: fields}
    return body | {"evidence": [], "receipt": host.receipt, "call": call}


@schemathesis.hook
def after_call(context, case, response):
    statuses[f"{response.request.method} {case.path}"][response.status_code] += 1
    host = signers.pop(case.id, None)
    if host and response.status_code == 200 and response.request.method == "POST":
        host.hear(case.path, response.json())


def fits(name, value):
    """Ends with an error if the value does not fit the schema of that name."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": DESCRIPTION["components"]}
    jsonschema_rs.Draft202012Validator(schema).validate(value)


@schemathesis.check
def signed_content_conformance(ctx, response, case):
    """What was signed is as described, too."""
    is_json = response.headers.get("content-type", [""])[0] == "application/json"
    answer = response.json() if is_json and response.status_code == 200 else {}
    signed = {"Statement": answer.get("statement"), "Receipt": answer.get("receipt"), "KeySet": answer.get("keys")}
    if case.path == "/v1/keys":
        signed["KeySet"] = answer or None
    for name, envelope in signed.items():
        if envelope:
            fits(name, content(envelope))


def conforms():
    arguments = ["--config-file", str(HERE / "schemathesis.toml"), "run", URL + "/v1/openapi.json"]
    arguments += ["--checks", "all", "--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", SEED]
    arguments += ["--continue-on-failure", "--generation-database", "none", "--warnings", "off"]
    try:
        return not command.main(arguments, standalone_mode=False)
    except SystemExit as end:
        return not end.code


def main():
    validate(DESCRIPTION)
    page = (HERE / "../../docs/api.md").read_text()
    fits("CheckInCall", json.loads(re.search(r'^{"nonce":"AQ.*$', page, re.MULTILINE)[0]))
    as_described = conforms()
    operations = {path: next(iter(item.items())) for path, item in DESCRIPTION["paths"].items()}
    in_vain = []
    for path, (method, operation) in operations.items():
        counts = statuses[f"{method.upper()} {path}"]
        print(f"{path:22}", dict(sorted(counts.items())))
        if "401" in operation["responses"] and not counts[200]:
            in_vain.append(path)
    if in_vain:
        print("never answered by 200:", *in_vain)
    sys.exit(not as_described or bool(in_vain))


if __name__ == "__main__":
    main()
