"""What it is shipped with: the image, the manifests as they are rendered, the compose file, the units."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.settings import Settings

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
OVERLAYS = ["small", "production"]
SETTINGS = {f"POSTGATE_{name.upper()}": field for name, field in Settings.model_fields.items()}
REQUIRED = {name for name, field in SETTINGS.items() if field.is_required()}
SECRETS = ROOT / "k8s" / "overlays" / "small" / "secrets"
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
#: What stopping may take at most: 15 for requests, 15 for sockets, 25 for calls to providers.
LEAVING_SECONDS = 60
Manifest = dict[str, Any]


def run(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a checker."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=100)


def copied(folder: Path) -> Path:
    """Copy what people fill in, with its examples in the places of what they make."""
    shutil.copytree(ROOT / "k8s", folder / "k8s")
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    for example in (folder / "k8s" / "overlays" / "small" / "secrets").glob("*.example"):
        shutil.copy(example, example.with_suffix(""))
    return folder


def kustomized(folder: Path) -> list[Manifest]:
    """Render an overlay as kubectl would apply it."""
    rendered = run(BIN / "kubectl", "kustomize", folder)
    assert rendered.returncode == 0, rendered.stderr
    return list(yaml.safe_load_all(rendered.stdout))


@pytest.fixture(scope="session")
def overlays(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Manifest]]:
    """The manifests of each overlay, and of one with mail by SMTP."""
    folder = copied(tmp_path_factory.mktemp("manifests")) / "k8s" / "overlays"
    mail = folder / "mail"
    mail.mkdir()
    (mail / "kustomization.yaml").write_text("resources: [../small]\ncomponents: [../../components/mail]\n", "utf-8")
    return {name: kustomized(folder / name) for name in [*OVERLAYS, "mail"]}


@pytest.fixture(params=[*OVERLAYS, "mail"])
def manifests(request: pytest.FixtureRequest, overlays: dict[str, list[Manifest]]) -> list[Manifest]:
    """The manifests of one overlay."""
    return overlays[request.param]


def of_kind(manifests: list[Manifest], *kinds: str) -> list[Manifest]:
    return [manifest for manifest in manifests if manifest["kind"] in kinds]


def name_of(manifest: Manifest) -> str:
    return str(manifest["metadata"]["name"])


def workloads(manifests: list[Manifest]) -> list[Manifest]:
    return of_kind(manifests, "Deployment", "Job")


def pod_of(workload: Manifest) -> Manifest:
    pod: Manifest = workload["spec"]["template"]["spec"]
    return pod


def container_of(workload: Manifest) -> Manifest:
    (container,) = pod_of(workload)["containers"]
    return dict(container)


def sources_of(workload: Manifest, kind: str) -> set[str]:
    return {source[kind]["name"] for source in container_of(workload)["envFrom"] if kind in source}


def chosen(selector: Manifest, labels: dict[str, str]) -> bool:
    """Whether a selector means pods with these labels."""
    plain = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
    expressions = selector.get("matchExpressions", [])
    assert all(expression["operator"] == "In" for expression in expressions)
    return plain.items() <= labels.items() and all(labels.get(e["key"]) in e["values"] for e in expressions)


def variables(path: Path) -> dict[str, str]:
    """The variables of an environment file."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_every_manifest_follows_its_schema_and_compose_reads_its_file() -> None:
    checked = run(ROOT / "scripts" / "manifests.sh")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("k8s/base/serve.yaml", "minReadySeconds", "minReadySecond"),
        ("k8s/overlays/production/serve.yaml", "name: postgate-serve", "name: postgate-server"),
        ("k8s/overlays/production/kustomization.yaml", "- ../../base", "- ../../bases"),
        ("deploy/compose.yaml", "stop_grace_period", "stop_grace_periods"),
    ],
    ids=["field", "patched", "base", "compose"],
)
def test_a_slip_would_be_found(tmp_path: Path, file: str, right: str, wrong: str) -> None:
    path = copied(tmp_path) / file
    path.write_text(path.read_text("utf-8").replace(right, wrong), "utf-8")
    assert run(ROOT / "scripts" / "manifests.sh", tmp_path).returncode != 0


def test_every_file_for_kubernetes_is_used() -> None:
    files = [path for path in (ROOT / "k8s").rglob("*") if path.suffix in {".yaml", ".env"}]
    named = {
        word
        for path in files
        if path.name == "kustomization.yaml"
        for word in re.findall(r"[\w.-]+", path.read_text("utf-8"))
    }
    assert [path.name for path in files if path.name not in named | {"kustomization.yaml"}] == []


def test_a_pod_can_do_no_more_than_it_must(manifests: list[Manifest]) -> None:
    (namespace,) = of_kind(manifests, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    accounts = {name_of(m): m for m in of_kind(manifests, "ServiceAccount")}
    for workload in workloads(manifests):
        pod = pod_of(workload)
        assert pod["automountServiceAccountToken"] is False
        assert accounts[pod["serviceAccountName"]]["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container_of(workload)["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert {"requests", "limits"} <= set(container_of(workload)["resources"])


def test_only_the_migration_sees_the_administrators_url(manifests: list[Manifest]) -> None:
    (job,) = of_kind(manifests, "Job")
    assert sources_of(job, "secretRef") == {"postgate-serve", "postgate-migrate"}
    for deployment in of_kind(manifests, "Deployment"):
        assert sources_of(deployment, "secretRef") == {"postgate-serve"}
    assert "POSTGATE_ADMIN_DATABASE_URL" not in variables(SECRETS / "serve.env.example")


def test_each_version_has_a_migration_of_its_own_that_no_setting_changes(manifests: list[Manifest]) -> None:
    (job,) = of_kind(manifests, "Job")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {container_of(w)["image"].rpartition(":")[2] for w in workloads(manifests)} == {version}
    assert name_of(job) == f"postgate-migrate-{version}"
    assert sources_of(job, "configMapRef") == set()


def test_settings_are_settings_and_complete(manifests: list[Manifest]) -> None:
    maps = {name_of(m): m["data"] for m in of_kind(manifests, "ConfigMap")}
    secrets = variables(SECRETS / "serve.env.example")
    for deployment in of_kind(manifests, "Deployment"):
        (settings,) = (maps[name] for name in sources_of(deployment, "configMapRef"))
        assert REQUIRED | {"POSTGATE_PUBLIC_URL"} <= settings.keys() | secrets.keys() <= SETTINGS.keys()
    assert variables(SECRETS / "migrate.env.example").keys() <= SETTINGS.keys()
    assert all(name_of(m) in {"postgate-serve", "postgate-migrate"} for m in of_kind(manifests, "Secret"))


def test_the_example_secrets_hold_no_real_value() -> None:
    examples = [variables(path) for path in SECRETS.glob("*.example")]
    assert [name for found in examples for name, value in found.items() if not re.search(r"<[a-z0-9 ]+>", value)] == []
    assert {name: value for name, value in variables(ROOT / "deploy" / ".env.example").items() if value} == {
        "PUBLIC_URL": "https://inbox.example.org"
    }


def test_services_budgets_and_autoscalers_mean_pods_that_exist(manifests: list[Manifest]) -> None:
    deployments = {name_of(m): m for m in of_kind(manifests, "Deployment")}
    labels = {name: m["spec"]["template"]["metadata"]["labels"] for name, m in deployments.items()}
    for service in of_kind(manifests, "Service"):
        if name_of(service) == "postgate-nothing":  # it is there to answer nothing
            assert not any(chosen(service["spec"]["selector"], found) for found in labels.values())
            continue
        backends = [name for name in labels if chosen(service["spec"]["selector"], labels[name])]
        assert backends == ["postgate-serve"]
        ports = {port["name"] for port in container_of(deployments["postgate-serve"])["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    budgets = [budget["spec"]["selector"] for budget in of_kind(manifests, "PodDisruptionBudget")]
    assert [sum(chosen(budget, found) for budget in budgets) for found in labels.values()] == [1] * len(labels)
    for scaler in of_kind(manifests, "HorizontalPodAutoscaler"):
        scaled = deployments[scaler["spec"]["scaleTargetRef"]["name"]]
        assert "replicas" not in scaled["spec"], "an autoscaler owns the number"
        assert "cpu" in container_of(scaled)["resources"]["requests"]
    for ingress in of_kind(manifests, "Ingress"):
        services = {name_of(m) for m in of_kind(manifests, "Service")}
        paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
        assert {path["backend"]["service"]["name"] for path in paths} <= services


def test_nothing_gets_in_or_out_but_what_is_named(manifests: list[Manifest]) -> None:
    policies = {name_of(m): m["spec"] for m in of_kind(manifests, "NetworkPolicy")}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    opened: set[tuple[str, int]] = set()
    for workload in workloads(manifests):
        labels = workload["spec"]["template"]["metadata"]["labels"]
        for policy in policies.values():
            if chosen(policy["podSelector"], labels):
                rules = [rule for way in ("ingress", "egress") for rule in policy.get(way, [])]
                opened |= {(labels["app.kubernetes.io/component"], p["port"]) for rule in rules for p in rule["ports"]}
    assert {("serve", 8080), ("work", 8080)} <= opened
    assert {port for component, port in opened if component == "migrate"} == {53, 5432, 6432, 6379, 4318, 443, 465, 587}


def test_probes_and_patience_fit_the_graceful_stop(manifests: list[Manifest]) -> None:
    maps = {name_of(m): m["data"] for m in of_kind(manifests, "ConfigMap")}
    for deployment in of_kind(manifests, "Deployment"):
        pod, container = pod_of(deployment), container_of(deployment)
        assert {"startupProbe", "livenessProbe", "readinessProbe"} <= container.keys()
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        (settings,) = (maps[name] for name in sources_of(deployment, "configMapRef"))
        assert pod["terminationGracePeriodSeconds"] >= float(settings["POSTGATE_DRAIN_SECONDS"]) + LEAVING_SECONDS
        assert "lifecycle" not in container, "draining does it; both together would wait twice"
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}


def test_the_dockerfile_is_clean() -> None:
    checked = run(BIN / "hadolint", "Dockerfile")
    assert checked.returncode == 0, checked.stdout


def test_the_image_runs_as_the_user_that_the_manifests_name(manifests: list[Manifest]) -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    users = {pod_of(workload)["securityContext"]["runAsUser"] for workload in workloads(manifests)}
    (user,) = users
    assert re.findall(r"^USER (.+)$", text, re.MULTILINE) == [f"{user}:{user}"]
    assert f"--owner={user} --group={user}" in text


def test_what_the_dockerfile_copies_exists_and_reaches_the_builder() -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    sources = [s for line in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE) for s in line.split()]
    admitted = re.findall(r"^!(.+)$", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert [source for source in sources if source.split("/")[0] not in admitted] == []


def test_what_the_image_leaves_out_is_not_imported() -> None:
    (line,) = re.findall(r"^UNUSED=\((.+)\)$", (ROOT / "scripts" / "image.sh").read_text("utf-8"), re.MULTILINE)
    left_out = [part.replace("/", ".") for part in line.split()]
    users = {
        "phonenumbers.carrierdata": "carrier",
        "phonenumbers.geodata": "geocoder",
        "phonenumbers.tzdata": "timezone",
    }
    assert set(users) < set(left_out)
    imported = re.compile("|".join(map(re.escape, [*left_out, *(f"phonenumbers.{word}" for word in users.values())])))
    assert [str(path) for path in sources() if imported.search(path.read_text("utf-8"))] == []


def sources() -> Iterator[Path]:
    """The program's own files."""
    for package in ("gateway", "channels"):
        yield from (ROOT / package).rglob("*.py")


@cache
def compose() -> Manifest:
    """The compose file."""
    found: Manifest = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    return found


def test_compose_starts_our_verbs_with_known_settings_and_mounts_what_exists() -> None:
    services = compose()["services"]
    assert [services[name]["command"][0] for name in ("serve", "work", "migrate")] == ["serve", "work", "migrate"]
    for name in ("serve", "work", "migrate"):
        assert REQUIRED <= services[name]["environment"].keys() <= SETTINGS.keys()
        assert services[name]["read_only"] is True
    assert "POSTGATE_ADMIN_DATABASE_URL" not in services["serve"]["environment"] | services["work"]["environment"]
    mounts = [str(volume) for service in services.values() for volume in service.get("volumes", [])]
    here = [mount.split(":")[0] for mount in mounts if mount.startswith(".")]
    assert here, "Prometheus and Grafana read files of ours"
    assert [path for path in here if not (ROOT / "deploy" / path).exists()] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_is_sound(unit: Path, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("LOUD: no systemd-analyze here to verify the units")
    program = tmp_path / "postgate"
    program.write_text("#!/bin/sh\n", "utf-8")
    program.chmod(0o755)
    trial = tmp_path / unit.name
    trial.write_text(unit.read_text("utf-8").replace("/opt/postgate/bin/postgate", str(program)), "utf-8")
    checked = run("systemd-analyze", "verify", trial)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_units_read_an_environment_that_is_complete() -> None:
    assert [unit.name for unit in UNITS] == ["postgate-serve.service", "postgate-work@.service"]
    example = variables(ROOT / "deploy" / "systemd" / "postgate.env.example")
    assert REQUIRED | {"POSTGATE_PUBLIC_URL"} <= example.keys() <= SETTINGS.keys()
