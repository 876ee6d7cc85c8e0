"""A dashboard that asks for a figure nobody gives is an empty panel on the day it is needed, and an alert
that never rings.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tradewind.observability.families import COUNTERS, GAUGES, HISTOGRAMS, PREFIX, names
from tradewind.observability.metrics import Metrics

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DASHBOARD, ALERTS, SCRAPE = (
    DEPLOY / "grafana" / "tradewind.json",
    DEPLOY / "prometheus" / "alerts.yml",
    DEPLOY / "prometheus" / "prometheus.yml",
)
BOARDS = (DASHBOARD, DEPLOY / "grafana" / "events.json")

OWN = {"up"}  # Prometheus' own
# what is no name of a metric: strings, then what stands in braces, in brackets or after a word that takes
# labels
STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
LABELS = re.compile(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
WORD = re.compile(r"(?<![\w.$])([a-zA-Z_:][\w:]*)(\s*\()?")
OPERATORS = {"and", "or", "unless", "by", "without", "on", "ignoring", "bool", "offset", "inf", "nan"}


def asked(expression: str) -> set[str]:
    """The metrics that a PromQL expression names."""
    bare = LABELS.sub(" ", STRINGS.sub('""', expression))
    return {word for word, call in WORD.findall(bare) if not call and word.lower() not in OPERATORS}


def labels_of(expression: str) -> list[tuple[str, set[str]]]:
    """Each metric with the labels that its selector names."""
    found = re.findall(r"([a-zA-Z_:][\w:]*)\{([^}]*)\}", expression)
    return [(name, set(re.findall(r"(\w+)\s*[=!]~?", STRINGS.sub("", inside)))) for name, inside in found]


def panels(board: Path = DASHBOARD) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(board.read_bytes())["panels"]
    return found


def queries(board: Path = DASHBOARD) -> list[tuple[str, str]]:
    """The expressions of a board, each with the title of its panel."""
    return [
        (panel["title"], target["expr"]) for panel in panels(board) for target in panel.get("targets", ())
    ]


def rules() -> list[dict[str, Any]]:
    return [rule for group in msgspec.yaml.decode(ALERTS.read_bytes())["groups"] for rule in group["rules"]]


EXPRESSIONS = [(f"panel {title}", expression) for title, expression in queries()] + [
    (f"alert {rule['alert']}", rule["expr"]) for rule in rules()
]


def test_names_are_found_in_an_expression() -> None:
    expression = """
      sum by (le, service) (rate(a_total{status=~"5.. and x", job="b"}[5m])) / on (c) group_left (d) avg(e_sum offset 5m) > 1.5e3
        and histogram_quantile(0.99, f_bucket) unless label_replace(g, "h", "$1", "i", "(.*)") == bool 2
    """
    assert asked(expression) == {"a_total", "e_sum", "f_bucket", "g"}
    assert asked('rate(tradewind_x_total{job=~"$job"}[$__rate_interval])') == {"tradewind_x_total"}


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_every_metric_exists(where: str, expression: str) -> None:
    missing = asked(expression) - names() - OWN
    assert asked(expression) and not missing, f"nobody emits {missing}"


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_every_label_exists(where: str, expression: str) -> None:
    of = {f"{PREFIX}{name}_total": set(labels) for name, (_, labels) in COUNTERS.items()}
    of |= {f"{PREFIX}{name}": {label} for name, (_, label) in GAUGES.items()}
    of |= {
        f"{PREFIX}{name}_{part}": {*timed.labels, "le"}
        for name, timed in HISTOGRAMS.items()
        for part in ("bucket", "count", "sum")
    }
    for name, labels in labels_of(expression):
        assert labels - {"job", "instance"} <= of.get(name, set()), name


def test_a_wrong_name_would_be_seen() -> None:
    assert asked("rate(tradewind_http_request_total[5m])") - names() == {"tradewind_http_request_total"}
    assert asked("tradewind_batch_messages") - names(), "a histogram has no series of its own name"
    assert asked("tradewind_parked_total") - names()


def test_what_is_named_is_what_the_page_has() -> None:
    metrics = Metrics()
    metrics.request("a", 200, 0.1)
    metrics.rpc_call("orders", "a", "answer", 0.1)
    metrics.rpc_served("a", "answer", 0.1)
    metrics.batch(1, 0.1)
    metrics.commit(0.1)
    metrics.said(["a"])
    metrics.activity("a", "done")
    for name, (_, labels) in COUNTERS.items():
        if name not in ("http_requests", "rpc_client_requests", "rpc_server_requests"):
            metrics.count(name, *labels)
    for name in GAUGES:
        metrics.watch(name, lambda: {"a": 1.0})
    page = {
        re.split(r"[{ ]", line)[0]
        for line in metrics.render().decode().splitlines()
        if not line.startswith("#")
    }
    assert page == names()


@pytest.mark.parametrize("board", BOARDS, ids=[board.stem for board in BOARDS])
def test_the_dashboard_can_be_imported(board: Path) -> None:
    shown = msgspec.json.decode(board.read_bytes())
    assert shown["uid"].startswith("tradewind") and shown["schemaVersion"] >= 36
    ids = [panel["id"] for panel in panels(board)]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in panels(board):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken and place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells
    titles = [panel["title"] for panel in panels(board)]
    for name in ("Rate", "Errors", "Duration", "Age of the outbox", "Parked", "Memory", "CPU"):
        assert name in titles


def test_the_board_of_all_blueprints_has_what_an_operator_looks_for() -> None:
    titles = [panel["title"] for panel in panels()]
    assert {"Circuit breakers", "Messages of a batch"} <= set(titles)


def test_grafana_finds_its_source_and_its_boards_by_itself() -> None:
    given = DEPLOY / "grafana" / "provisioning"
    (source,) = msgspec.yaml.decode((given / "datasources/prometheus.yml").read_bytes())["datasources"]
    (boards,) = msgspec.yaml.decode((given / "dashboards/tradewind.yml").read_bytes())["providers"]
    shown = msgspec.yaml.decode((DEPLOY / "compose/events.yml").read_bytes())["services"]
    assert source["url"] == "http://prometheus:9090" and "prometheus" in shown
    mounted = dict(volume.removesuffix(":ro").split(":") for volume in shown["grafana"]["volumes"])
    assert mounted == {
        "../grafana": boards["options"]["path"],
        "../grafana/provisioning": "/etc/grafana/provisioning",
    }
    home = shown["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (DEPLOY / "grafana" / home.removeprefix(boards["options"]["path"] + "/")).is_file()


def test_prometheus_scrapes_every_process_of_events_where_it_serves() -> None:
    (job,) = msgspec.yaml.decode((DEPLOY / "prometheus/events.yml").read_bytes())["scrape_configs"]
    targets = {target for group in job["static_configs"] for target in group["targets"]}
    shown = msgspec.yaml.decode((DEPLOY / "compose/events.yml").read_bytes())["services"]
    given = {name: described.get("environment", {}) for name, described in shown.items()}
    ports = {name: given[name].get("PORT", given[name].get("TRADEWIND_OPS_PORT")) for name in given}
    ours = {name for name, one in shown.items() if one.get("command", [""])[0] == "serve"}
    assert targets == {f"{name}:{ports[name]}" for name in ours}


def test_every_alert_says_what_to_do() -> None:
    assert len({rule["alert"] for rule in rules()}) == len(rules())
    for rule in rules():
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert re.fullmatch(r"\d+[smh]", rule["for"]) and rule["labels"]["severity"] in (
            "page",
            "warn",
            "info",
        )
        assert len(rule["annotations"]["runbook"]) > 60 and rule["annotations"]["summary"]
        given = set().union(
            *(set(re.findall(r"\w+", inside)) for inside in re.findall(r"by \(([^)]*)\)", rule["expr"]))
        ) | {"instance"}
        assert set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"]))) <= given, rule["alert"]


def test_the_example_loads_the_rules() -> None:
    config = msgspec.yaml.decode(SCRAPE.read_bytes())
    assert [(SCRAPE.parent / name).resolve() for name in config["rule_files"]] == [ALERTS]
    assert {job["job_name"] for job in config["scrape_configs"]} == {"tradewind"}
