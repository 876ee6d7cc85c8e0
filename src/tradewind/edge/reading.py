"""Reads a Kong file, format 3.0, and refuses what the edge does not understand: what is passed over in
silence, such as a plugin that asks for a key, would leave a route open.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path as File
from typing import Any

from msgspec.structs import replace

from . import forms
from .declared import Block, Consumer, Declared, JwtCredential, KeyCredential, Route, Service
from .document import BadFile, parse
from .forms import Reading, near
from .plugins import PLUGINS
from .plugins.jwt import verifier

SPACE = uuid.UUID("2f4b1c8e-8d2e-5a51-9a0b-6c9f30c3d1a7")
OLD = ("1.1", "2.1")


def load(path: File, environment: Mapping[str, str]) -> Declared:
    """Errors: BadFile, one sentence."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not UTF-8'})") from None
    return read(text, path.name, environment)


def read(text: str, file: str, environment: Mapping[str, str]) -> Declared:
    """Errors: BadFile, one sentence."""
    tree = parse(text, file, environment)
    if not isinstance(tree, dict):
        raise BadFile(f"{file}: must be a table with _format_version, services and routes")
    return _File(file).declared(tree)


class _File:
    """One file on its way."""

    def __init__(self, file: str) -> None:
        self.reading = Reading(file)
        self.services: dict[str, Service | None] = {}
        self.routes: dict[str, Route | None] = {}
        self.consumers: dict[str, Consumer] = {}
        self.keys: dict[str, KeyCredential] = {}
        self.tokens: dict[str, JwtCredential] = {}
        self.targets: dict[str, tuple[str, int]] = {}
        self.blocks: list[Block] = []
        self.notes: list[str] = []
        self.later: list[tuple[dict[str, Any], dict[str, str], str]] = []

    def bad(self, place: str, what: str) -> BadFile:
        return self.reading.bad(place, what)

    def declared(self, tree: dict[str, Any]) -> Declared:
        top = self.reading.form(forms.Top, tree, "")
        if top.format_version in OLD:
            self.notes.append(
                f"_format_version {top.format_version} is read as 3.0: a regex path begins with ~"
            )
        for upstream in top.upstreams:
            self._upstream(upstream)
        for service in top.services:
            self._service(service)
        for route in top.routes:
            self._route(route, None, "")
        for consumer in top.consumers:
            self._consumer(consumer)
        for plugin in top.plugins:
            self.later.append((plugin, {}, ""))
        found = Declared(
            self.reading.file,
            tuple(one for one in self.services.values() if one is not None),
            tuple(one for one in self.routes.values() if one is not None),
            tuple(self.consumers.values()),
            self.keys,
            self.tokens,
        )
        for plugin, owner, place in self.later:
            self._plugin(plugin, owner, place, found)
        return replace(found, blocks=tuple(self.blocks), notes=tuple(self.notes))

    def _upstream(self, tree: Any) -> None:
        place = self.reading.named(tree, "upstream")
        form = self.reading.form(forms.Upstream, tree, place)
        if len(form.targets) != 1:
            raise self.bad(
                place, f"targets: has {len(form.targets)}; the edge sends to one, and balances nothing"
            )
        target = self.reading.form(forms.Target, form.targets[0], f"{place}: target")
        host, port = forms.host_and_port(target.target, 8000)
        if not host:
            raise self.bad(place, f"targets: {target.target!r} is not HOST:PORT")
        self.targets[self._once(self.targets, form.name, place)] = (host, port)

    def _service(self, tree: Any) -> None:
        place = self.reading.named(tree, "service")
        form = self.reading.form(forms.Service, tree, place)
        key = self._once(self.services, form.name, place)
        service = forms.service(
            form, place, self.reading, self.targets, key, self._id("service", form.id, key)
        )
        if service.protocol == "https":
            self.notes.append(
                f"{place}: the certificate of {service.host} is not verified, as Kong does by default"
            )
        self.services[key] = service if form.enabled else None
        for route in form.routes:
            self._route(route, key, place)
        self.later += [(plugin, {"service": service.id}, place) for plugin in form.plugins]

    def _route(self, tree: Any, owner: str | None, around: str) -> None:
        place = self.reading.named(tree, "route", around)
        form = self.reading.form(forms.Route, tree, place)
        key = self._once(self.routes, form.name, place)
        if owner is not None and form.service is not None:
            raise self.bad(place, "service: is said twice, by its place too")
        named = (
            owner if owner is not None else forms.reference(form.service, self.reading, f"{place}: service")
        )
        if not named:
            raise self.bad(place, "service: is missing; a route without a service leads nowhere")
        if named not in self.services:
            raise self.bad(place, f"service: there is no {named!r}{near(named, self.services)}")
        id, service = self._id("route", form.id, key), self.services[named]
        self.routes[key] = (
            None if service is None else forms.route(form, place, self.reading, service, key, id)
        )
        self.later += [(plugin, {"route": id}, place) for plugin in form.plugins]

    def _consumer(self, tree: Any) -> None:
        named = tree.get("username") or tree.get("custom_id") if isinstance(tree, dict) else None
        place = f"consumer {named}" if named else "a consumer"
        form = self.reading.form(forms.Consumer, tree, place)
        if not named:
            raise self.bad(place, "needs username or custom_id")
        self._once(self.consumers, str(named), place)
        consumer = Consumer(self._id("consumer", form.id, str(named)), form.username, form.custom_id)
        self.consumers[str(named)] = consumer
        for credential in form.keyauth_credentials:
            self._key(credential, consumer, f"{place}: keyauth_credentials")
        for credential in form.jwt_secrets:
            self._token(credential, consumer, f"{place}: jwt_secrets")
        self.later += [(plugin, {"consumer": consumer.id}, place) for plugin in form.plugins]

    def _key(self, tree: Any, consumer: Consumer, place: str) -> None:
        form = self.reading.form(forms.Key, tree, place)
        if form.key in self.keys:
            raise self.bad(place, f"key: is that of {self.keys[form.key].consumer.name} too")
        self.keys[form.key] = KeyCredential(self._id("key", form.id, form.key), form.key, consumer)

    def _token(self, tree: Any, consumer: Consumer, place: str) -> None:
        form = self.reading.form(forms.Token, tree, place)
        if form.key in self.tokens:
            raise self.bad(place, f"key: {form.key!r} is that of {self.tokens[form.key].consumer.name} too")
        field = "secret" if form.algorithm == "HS256" else "rsa_public_key"
        if not (secret := getattr(form, field)):
            raise self.bad(place, f"{field}: is missing; {form.algorithm} needs it")
        credential = JwtCredential(form.key, form.algorithm, secret, consumer)
        try:
            verifier(credential)
        except ValueError as error:
            raise self.bad(place, f"{field}: {error}") from None
        self.tokens[form.key] = credential

    def _plugin(self, tree: Any, owner: dict[str, str], around: str, found: Declared) -> None:
        place = self.reading.named(tree, "plugin", around)
        form = self.reading.form(forms.Plugin, tree, place)
        plugin = PLUGINS.get(form.name)
        if plugin is None:
            raise self.bad(place, f"this stand-in has no plugin {form.name}; it has {', '.join(PLUGINS)}")
        scope = dict(owner)
        for kind in ("service", "route", "consumer"):
            named = forms.reference(getattr(form, kind), self.reading, f"{place}: {kind}")
            if named and kind in scope:
                raise self.bad(place, f"{kind}: is said twice, by its place too")
            if named:
                scope[kind] = self._known(kind, named, place)
        if scope.get("consumer") and not plugin.per_consumer:
            raise self.bad(place, f"consumer: {form.name} runs before a consumer is known")
        config = self.reading.form(plugin.config, form.config or {}, place, "config.")
        if complaint := config.complaint():
            raise self.bad(place, f"config.{complaint}")
        if (who := getattr(config, "anonymous", "")) and found.consumer(who) is None:
            raise self.bad(place, f"config.anonymous: there is no consumer {who!r}")
        if getattr(config, "secret_is_base64", False):
            self._check_secrets(place)
        if not form.enabled:
            return
        if "http" not in form.protocols:
            self.notes.append(
                f"{place}: protocols: without http it runs for no request of the edge, which has no TLS"
            )
            return
        if note := config.note():
            self.notes.append(f"{place}: {note}")
        key = "/".join((form.name, *(scope.get(kind, "") for kind in ("service", "route", "consumer"))))
        block = Block(form.name, self._id("plugin", form.id, key), place, config, **scope)
        for other in self.blocks:
            if (other.plugin, other.service, other.route, other.consumer) == (
                block.plugin,
                block.service,
                block.route,
                block.consumer,
            ):
                raise self.bad(place, "stands here twice; one of them would never run")
        self.blocks.append(block)

    def _check_secrets(self, place: str) -> None:
        for key, token in self.tokens.items():
            try:
                verifier(token, base64_secret=True)
            except ValueError as error:
                raise self.bad(place, f"config.secret_is_base64: {error}, that of {key!r}") from None

    def _known(self, kind: str, named: str, place: str) -> str:
        every: dict[str, Mapping[str, Any]] = {
            "service": self.services,
            "route": self.routes,
            "consumer": self.consumers,
        }
        known = every[kind]
        if named not in known:
            raise self.bad(place, f"{kind}: there is no {named!r}{near(named, known)}")
        found = known[named]
        return self._id(kind, "", named) if found is None else str(found.id)

    def _once(self, seen: Mapping[str, Any], name: str, place: str) -> str:
        """The name under which others refer to it; a part without one cannot be referred to."""
        if name and name in seen:
            raise self.bad(place, "name: is given twice")
        return name or f"#{len(seen) + 1}"

    def _id(self, kind: str, given: str, name: str) -> str:
        return given or str(uuid.uuid5(SPACE, f"{kind}:{name}"))
