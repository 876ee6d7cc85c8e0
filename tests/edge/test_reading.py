"""What the edge does not understand ends its start in one sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradewind.edge.check import report
from tradewind.edge.declared import Declared
from tradewind.edge.document import BadFile
from tradewind.edge.reading import load, read

HEAD = '_format_version: "3.0"\n'
SERVICE = "services:\n- name: orders\n  url: http://127.0.0.1:3000\n  routes:\n  - name: api\n    paths: [/orders]\n"


def plugin(text: str, indent: str = "") -> str:
    return f"{HEAD}{SERVICE}plugins:\n- {text}\n"


def service(*lines: str) -> str:
    return HEAD + "services:\n- name: orders\n" + "".join(f"  {line}\n" for line in lines)


def route(*lines: str) -> str:
    fields = "".join(f"    {line}\n" for line in lines)
    return service("url: http://x:1", "routes:", "- name: api") + fields


def consumer(*lines: str) -> str:
    return HEAD + SERVICE + "consumers:\n- username: shop\n" + "".join(f"  {line}\n" for line in lines)


REFUSED = {
    "another plugin": (plugin("name: acl"), ["plugin acl", "has no plugin acl"]),
    "Kong's own plugin": (plugin("name: request-transformer"), ["request-transformer"]),
    "a disabled unknown plugin": (plugin("{name: acl, enabled: false}"), ["acl"]),
    "a field of a plugin": (plugin("{name: cors, config: {orgins: []}}"), ["plugin cors", "config.orgins"]),
    "a field beside config": (plugin("{name: cors, ordering: {}}"), ["plugin cors", "ordering"]),
    "redis": (
        plugin("{name: rate-limiting, config: {minute: 5, policy: redis}}"),
        ["rate-limiting", "config.policy", "redis"],
    ),
    "cluster": (
        plugin("{name: rate-limiting, config: {minute: 5, policy: cluster}}"),
        ["config.policy", "cluster"],
    ),
    "no limit": (plugin("{name: rate-limiting, config: {policy: local}}"), ["rate-limiting", "minute"]),
    "a longer window with less": (
        plugin("{name: rate-limiting, config: {minute: 5, hour: 4}}"),
        ["config.hour"],
    ),
    "a header without a name": (
        plugin("{name: rate-limiting, config: {minute: 5, limit_by: header}}"),
        ["header_name"],
    ),
    "a key in a body": (
        plugin("{name: key-auth, config: {key_in_body: true}}"),
        ["key-auth", "config.key_in_body"],
    ),
    "an unknown anonymous": (
        plugin("{name: key-auth, config: {anonymous: nobody}}"),
        ["config.anonymous", "nobody"],
    ),
    "a wrong type": (plugin("{name: cors, config: {max_age: soon}}"), ["plugin cors", "config.max_age"]),
    "a wrong method": (plugin("{name: cors, config: {methods: [GTE]}}"), ["config.methods", "GTE"]),
    "an unknown service": (
        plugin("{name: cors, service: order}"),
        ["plugin cors", "'order'", "did you mean 'orders'"],
    ),
    "an unknown route": (plugin("{name: cors, route: x}"), ["plugin cors", "route", "'x'"]),
    "an unknown consumer": (
        plugin("{name: rate-limiting, consumer: x, config: {minute: 1}}"),
        ["consumer", "'x'"],
    ),
    "auth for one consumer": (consumer("plugins: [{name: key-auth}]"), ["consumer shop", "key-auth"]),
    "the same plugin twice": (plugin("name: cors\n- name: cors"), ["plugin cors", "twice"]),
    "a plugin without a name": (plugin("config: {}"), ["name", "missing"]),
    "an unknown top key": (HEAD + "vaults: []\n", ["vaults"]),
    "certificates": (HEAD + "certificates: []\n", ["certificates"]),
    "consumer groups": (HEAD + "consumer_groups: []\n", ["consumer_groups"]),
    "no format": ("services: []\n", ["_format_version"]),
    "another format": ('_format_version: "4.0"\n', ["_format_version", "4.0"]),
    "a number as format": ("_format_version: 3.0\n", ["_format_version"]),
    "grpc": (service("protocol: grpc", "host: x"), ["service orders", "protocol", "grpc"]),
    "client certificate": (
        service("url: http://x", "client_certificate: x"),
        ["service orders", "client_certificate"],
    ),
    "tls_verify": (service("url: https://x", "tls_verify: true"), ["service orders", "tls_verify"]),
    "an empty url": (service("url: 'http://'"), ["service orders", "url"]),
    "an address without a scheme": (
        service("url: localhost:3000"),
        ["service orders", "url", "localhost:3000"],
    ),
    "no address": (service("retries: 1"), ["service orders", "url"]),
    "a wrong port": (service("host: x", "port: 70000"), ["service orders", "port"]),
    "a bad regex": (route("paths: ['~/a(']"), ["route api", "paths", "~/a("]),
    "a regex without ~": (route("paths: ['/a/[0-9]+']"), ["route api", "paths", "~"]),
    "a relative path": (route("paths: [orders]"), ["route api", "paths", "orders"]),
    "a route that takes all by mistake": (route("strip_path: true"), ["route api", "paths"]),
    "an expression": (route("paths: [/a]", "expression: x"), ["route api", "expression"]),
    "snis": (route("paths: [/a]", "snis: [x]"), ["route api", "snis"]),
    "sources": (route("paths: [/a]", "sources: []"), ["route api", "sources"]),
    "a websocket route": (route("paths: [/a]", "protocols: [ws]"), ["route api", "protocols", "ws"]),
    "path_handling v1": (route("paths: [/a]", "path_handling: v1"), ["route api", "path_handling", "v1"]),
    "a host with two stars": (route("hosts: ['*.a.*']"), ["route api", "hosts"]),
    "a regex in a header": (route("headers: {x-a: ['~*b']}"), ["route api", "headers", "x-a"]),
    "a route without a service": (HEAD + "routes:\n- name: api\n  paths: [/]\n", ["route api", "service"]),
    "a route to nowhere": (HEAD + "routes:\n- {name: api, paths: [/], service: x}\n", ["route api", "'x'"]),
    "two services of one name": (
        HEAD + "services:\n- {name: a, url: 'http://x'}\n- {name: a, url: 'http://y'}\n",
        ["service a", "twice"],
    ),
    "two routes of one name": (
        HEAD + SERVICE + "routes:\n- {name: api, paths: [/x], service: orders}\n",
        ["route api", "twice"],
    ),
    "a key given twice": (HEAD + "services: []\nservices: []\n", ["services", "twice", ":3"]),
    "not YAML": (HEAD + "services: [\n", ["not YAML"]),
    "a list": ("- a\n", ["table"]),
    "two targets": (
        HEAD + "upstreams:\n- name: a\n  targets: [{target: 'a:1'}, {target: 'b:1'}]\n",
        ["upstream a", "targets"],
    ),
    "health checks": (
        HEAD + "upstreams:\n- name: a\n  healthchecks: {}\n  targets: [{target: 'a:1'}]\n",
        ["upstream a", "healthchecks"],
    ),
    "other credentials": (consumer("basicauth_credentials: []"), ["consumer shop", "basicauth_credentials"]),
    "a key as number": (
        consumer("keyauth_credentials: [{key: 12}]"),
        ["consumer shop", "keyauth_credentials", "key"],
    ),
    "a key that expires": (consumer("keyauth_credentials: [{key: a, ttl: 5}]"), ["consumer shop", "ttl"]),
    "a key of two": (consumer("keyauth_credentials: [{key: a}, {key: a}]"), ["consumer shop", "key"]),
    "another algorithm": (
        consumer("jwt_secrets: [{key: a, secret: b, algorithm: HS512}]"),
        ["jwt_secrets", "algorithm", "HS512"],
    ),
    "no secret": (consumer("jwt_secrets: [{key: a}]"), ["jwt_secrets", "secret"]),
    "a public key that is none": (
        consumer("jwt_secrets: [{key: a, algorithm: RS256, rsa_public_key: b}]"),
        ["rsa_public_key"],
    ),
    "an unset variable": (service("url: ${ORDERS_SERVICE_URL}"), ["ORDERS_SERVICE_URL", "not set", ":4"]),
    "an empty variable": (service("url: ${EMPTY}"), ["EMPTY", "not set"]),
    "a default in a variable": (service("url: ${A:-http://x}"), ["${A:-http://x}"]),
    "a variable that is no address": (service("url: ${WORD}"), ["service orders", "url", "word"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_is_not_understood_is_refused_in_one_sentence(case: str) -> None:
    text, named = REFUSED[case]
    with pytest.raises(BadFile) as refused:
        read(text, "kong.yml", {"EMPTY": "", "WORD": "word"})
    said = str(refused.value)
    assert said.startswith("kong.yml")
    assert "\n" not in said
    for word in named:
        assert word in said, said


def good(text: str, **environment: str) -> Declared:
    return read(text, "kong.yml", environment)


def test_a_variable_in_a_comment_is_not_asked_for() -> None:
    assert good(HEAD + SERVICE + "# url: ${NOT_SET}\nplugins: [] # ${NEITHER}\n").services


def test_a_variable_keeps_the_type_of_its_place() -> None:
    found = good(service("host: ${H}", "port: ${P}", "path: '/${P}'"), H="x", P="81").services[0]
    assert (found.host, found.port, found.path) == ("x", 81, "/81")


def test_a_value_cannot_change_the_file() -> None:
    found = good(consumer("keyauth_credentials: [{key: '${K}'}]"), K="a'}]\nplugins: []")
    assert list(found.keys) == ["a'}]\nplugins: []"]


def test_a_dollar_in_a_regex_stays() -> None:
    assert good(route("paths: ['~/a$', '~/b{2}$']")).routes[0].paths[0].said == "~/a$"


def test_the_url_goes_before_the_fields_that_say_the_same() -> None:
    found = good(
        service("url: http://a:81/v1", "host: b", "port: 9", "path: /x", "protocol: https")
    ).services[0]
    assert found.url == "http://a:81/v1"


def test_a_url_without_a_path_is_at_the_root() -> None:
    found = good(service("url: http://a", "path: /x")).services[0]
    assert (found.port, found.path) == (80, "/")


def test_anchors_comments_and_null_fields_are_understood() -> None:
    found = good(
        '_format_version: "3.0"\n_comment: x\n_info: {select_tags: [a]}\n'
        "services:\n- &base\n  name: a\n  url: http://x\n  tags: [t]\n  read_timeout: null\n  _comment: y\n"
        "- <<: *base\n  name: b\n"
    )
    assert [one.name for one in found.services] == ["a", "b"]


def test_parts_without_a_name_are_understood() -> None:
    found = good(HEAD + "services:\n- url: http://x\n  routes:\n  - paths: [/a]\n  - paths: [/b]\n")
    assert len(found.routes) == 2


def test_an_upstream_of_one_target_is_its_address() -> None:
    found = good(
        HEAD
        + "upstreams:\n- name: pool\n  targets: [{target: '10.0.0.1:81'}]\nservices:\n- {name: a, host: pool}\n"
    )
    assert found.services[0].url == "http://10.0.0.1:81"


def test_what_is_switched_off_takes_no_request() -> None:
    found = good(
        service(
            "url: http://x", "enabled: false", "routes: [{name: r, paths: [/]}]", "plugins: [{name: cors}]"
        )
    )
    assert (found.services, found.routes) == ((), ())


def test_an_older_format_is_read_with_a_word() -> None:
    assert "1.1" in good('_format_version: "1.1"\n').notes[0]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (HEAD + SERVICE, "/ordersclass"),
        (route("paths: ['~/a']"), "~/a"),
        (service("url: http://x"), "no route"),
        (service("url: https://x", "routes: [{name: r, paths: [/a/]}]"), "certificate"),
        (HEAD + SERVICE + "  - name: again\n    paths: [/orders]\n", "already"),
        (
            plugin("{name: rate-limiting, config: {minute: 5, limit_by: header, header_name: X-Tenant}}"),
            "X-Tenant",
        ),
        (plugin("name: jwt"), "never expires"),
        (plugin("{name: key-auth, protocols: [https]}"), "no TLS"),
    ],
)
def test_what_looks_like_a_mistake_is_told(text: str, word: str) -> None:
    assert any(word in warning for warning in report(good(text)).warnings)


APIS = Path(__file__).parents[2] / "src/tradewind/apis"
URLS = {"ORDERS_SERVICE_URL": "http://127.0.0.1:3333", "INVOICES_SERVICE_URL": "http://127.0.0.1:3334"}


@pytest.mark.parametrize("blueprint", ["invoicing", "contracts"])
def test_the_shipped_files_are_understood(blueprint: str) -> None:
    found = report(load(APIS / blueprint / "kong.yml", URLS))
    lines = {(line.route, line.takes, line.gives) for line in found.routes}
    assert ("api-orders", "/orders…", "http://127.0.0.1:3333/…") in lines
    assert ("api-invoices", "/invoices…", "http://127.0.0.1:3334/…") in lines


@pytest.mark.parametrize("blueprint", ["invoicing", "contracts"])
def test_the_blocks_in_comments_are_understood_too(blueprint: str) -> None:
    text = (APIS / blueprint / "kong.yml").read_text()
    lines = [
        line.replace("# ", "", 1) if "#   " in line or "# - " in line or "# consumers" in line else line
        for line in text.splitlines()
    ]
    found = read("\n".join(lines), "kong.yml", {**URLS, "SHOP_API_KEY": "k", "SHOP_JWT_SECRET": "s"})
    assert {block.plugin for block in found.blocks} == {"cors", "rate-limiting", "key-auth", "jwt"}
    assert [one.username for one in found.consumers] == ["shop"]
