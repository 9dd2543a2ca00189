#!/usr/bin/env bash
# Let Docker Compose read its file; render every overlay as kubectl would apply it, and hold each document against the
# schemas of the API, strictly. Nothing is started, no cluster is asked.
# Usage: scripts/manifests.sh [FOLDER], the repository unless told
set -euo pipefail
bin=$(cd "$(dirname "$0")/.." && pwd)/.venv/bin
cd "${1:-$(dirname "$0")/..}"

KUBERNETES=1.37

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
cp -r k8s deploy "$made"

# Files that people make themselves are as their examples have them, with something for what is left empty.
for example in "$made"/k8s/overlays/*/secrets/*.example "$made"/deploy/.env.example; do
    sed 's/=$/=example/' "$example" >"${example%.example}"
done

"$bin/docker-compose" --file "$made/deploy/compose.yaml" --profile '*' config --quiet
for overlay in "$made"/k8s/overlays/*/; do
    name=$(basename "$overlay")
    "$bin/kubectl" kustomize "$overlay" >"$made/$name.yaml"
    "$bin/kubernetes-validate" --quiet --strict -k "$KUBERNETES" "$made/$name.yaml"
done
