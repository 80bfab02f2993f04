#!/usr/bin/env bash
# Install and build the real servers of tests/services: sshd, csh, Prometheus, etcd and kube-apiserver.
#
#   .ci/services.sh             everything that is missing
#   .ci/services.sh packages    the Debian packages only
#   .ci/services.sh kubernetes  kube-apiserver only (about six minutes on two cores, kept by version)
#
# kube-apiserver comes from KUBEBUILDER_ASSETS when that is set. Else it is built from the Go module proxy: the
# k8s.io/kubernetes module names its staging modules by relative path, so each is replaced by its released version.
# Nothing is started here: the tests start and stop what they need, on loopback.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
version=${KUBERNETES_VERSION:-1.36.3}
store=$root/.services
target=$store/kubernetes-v$version

packages() {
    local missing=()
    [[ -x /usr/sbin/sshd ]] || missing+=(openssh-server)
    [[ -x /bin/csh || -x /usr/bin/csh ]] || missing+=(csh)
    command -v prometheus >/dev/null || missing+=(prometheus)
    command -v etcd >/dev/null || missing+=(etcd-server)
    command -v cc >/dev/null || missing+=(gcc libc6-dev)
    ((${#missing[@]})) || return 0
    local as_root=()
    ((EUID == 0)) || as_root=(sudo -n)
    "${as_root[@]}" apt-get update -qq
    # The packages would start their servers on the usual ports; the tests start their own on loopback.
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}"
}

kubernetes() {
    if [[ -n ${KUBEBUILDER_ASSETS:-} && -x $KUBEBUILDER_ASSETS/kube-apiserver ]]; then
        echo "kube-apiserver: from KUBEBUILDER_ASSETS"
        return 0
    fi
    if [[ -x $target/kube-apiserver ]]; then
        echo "kube-apiserver: $version is built already"
        return 0
    fi
    command -v go >/dev/null || { echo "kube-apiserver: go is not installed and KUBEBUILDER_ASSETS is not set" >&2; return 1; }
    local work
    work=$(mktemp -d)
    # shellcheck disable=SC2064  # the folder of now
    trap "rm -rf '$work'" EXIT
    (
        cd "$work"
        export GOFLAGS=-buildvcs=false CGO_ENABLED=0
        local mod
        mod=$(go mod download -json "k8s.io/kubernetes@v$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
        {
            echo 'module runbookctl.test/services'
            grep -E '^(go|godebug) ' "$mod"
            echo "require k8s.io/kubernetes v$version"
            sed -n "s#^[[:space:]]*\(k8s.io/[a-z-]*\) => ./staging/.*#replace \1 => \1 v0.${version#1.}#p" "$mod"
        } >go.mod
        printf 'package main\n\nimport _ "k8s.io/kubernetes/cmd/kube-apiserver/app"\n\nfunc main() {}\n' >main.go
        go mod tidy >tidy.log 2>&1 || { cat tidy.log >&2; exit 1; }
        mkdir -p "$target"
        go build -trimpath -ldflags "-s -w -X k8s.io/component-base/version.gitVersion=v$version" \
            -o "$target/kube-apiserver.new" k8s.io/kubernetes/cmd/kube-apiserver
    )
    mv "$target/kube-apiserver.new" "$target/kube-apiserver"
    echo "kube-apiserver: built $version"
}

case ${1:-all} in
    packages) packages ;;
    kubernetes) kubernetes ;;
    all) packages; kubernetes ;;
    *) echo "usage: .ci/services.sh [packages|kubernetes]" >&2; exit 2 ;;
esac
