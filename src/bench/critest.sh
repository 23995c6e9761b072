#!/usr/bin/env bash
# critest's own benchmark of Hearth and of Debian's containerd with runc, in turn: medians side by side.
#
#   src/bench/critest.sh REGISTRY [ROUNDS]
#
# REGISTRY is a command line that starts a registry on 127.0.0.1:5000, plain HTTP, with critest's images
# under their own names, and leaves it running; it prints its process id. Both runtimes use it for every
# registry. Everything runs in mount and network namespaces of its own, on an ext4 in a file, with state on
# a tmpfs, and is removed afterwards. Wants root, a built tree, critest, crictl, containerd, runc, the CNI plugins,
# jq and e2fsprogs. CONTAINERS, PODS and IMAGES say how many of each a round makes.
set -euo pipefail
[ -n "${ALONE:-}" ] || ALONE=1 exec unshare --mount --net "$0" "$@"
registry=$1 rounds=${2:-3}
home=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /var/tmp/hearth-critest.XXXXXX)
declare -A daemon=()
served=

finish() {
  for pid in "${daemon[@]}" $served; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  for c in /sys/fs/cgroup/*/hearth-critest /sys/fs/cgroup/hearth-critest; do
    [ ! -d "$c" ] || find "$c" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  umount -R -l "$work/disk" "$work/run" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

ip link set lo up
mkdir -p "$work"/{disk,run}
truncate -s 6G "$work/disk.img"
mkfs.ext4 -q "$work/disk.img"
mount -o loop "$work/disk.img" "$work/disk"
mount -t tmpfs run "$work/run"
mkdir -p "$work"/disk/hosts/_default "$work"/disk/net.d "$work"/run/{hearth,containerd}
cat >"$work/disk/hosts/_default/hosts.toml" <<'T'
server = "http://127.0.0.1:5000"
[host."http://127.0.0.1:5000"]
  capabilities = ["pull", "resolve"]
T
cat >"$work/hearth.toml" <<T
root = "$work/disk/hearth"
state = "$work/run/hearth"
socket = "$work/run/hearth.sock"
[cgroup]
parent = "/hearth-critest"
[registry]
hosts = "$work/disk/hosts"
T
cat >"$work/disk/net.d/10-bench.conflist" <<T
{"cniVersion": "1.0.0", "name": "bench", "plugins": [
  {"type": "bridge", "bridge": "cnibench0", "isGateway": true, "ipMasq": true,
   "ipam": {"type": "host-local", "dataDir": "$work/run/cni",
            "ranges": [[{"subnet": "100.127.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
T
cat >"$work/containerd.toml" <<T
version = 2
root = "$work/disk/containerd"
state = "$work/run/containerd"
[grpc]
  address = "$work/run/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$work/disk/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.9"
  disable_apparmor = true
  restrict_oom_score_adj = true
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "$work/disk/hosts"
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "$work/disk/net.d"
T
cat >"$work/parameters.yaml" <<T
containersNumber: ${CONTAINERS:-50}
podsNumber: ${PODS:-50}
imagesNumber: ${IMAGES:-20}
imagePullingBenchmarkImage: registry.k8s.io/e2e-test-images/nginx:1.14-2
imageListingBenchmarkImages: [registry.k8s.io/e2e-test-images/busybox:1.29-2]
T
: >"$work/crictl.yaml"

served=$($registry)
"$home/src/target/hearth/bin/hearthd" --config "$work/hearth.toml" 2>"$work/hearth.log" &
daemon[hearth]=$!
containerd --config "$work/containerd.toml" --log-level warn 2>"$work/containerd.log" &
daemon[containerd]=$!
for name in hearth containerd; do
  # containerd's CRI comes after its socket.
  for _ in $(seq 300); do
    ! crictl --config "$work/crictl.yaml" -r "unix://$work/run/$name.sock" version &>/dev/null || break
    sleep 0.1
  done
done

benchmark() { # NAME ROUND
  mkdir -p "$work/out/$1.$2"
  critest -benchmark -config "$work/crictl.yaml" --ginkgo.no-color \
    -runtime-endpoint "unix://$work/run/$1.sock" -image-endpoint "unix://$work/run/$1.sock" \
    -benchmarking-params-file "$work/parameters.yaml" \
    -benchmarking-output-dir "$work/out/$1.$2" >"$work/out/$1.$2.log" 2>&1 || {
    for f in "$work/out/$1.$2.log" "$work/$1.log"; do tail -n 40 "$f"; done >&2
    exit 1
  }
}

echo "load before: $(cut -d' ' -f1-3 /proc/loadavg)"
for round in $(seq "$rounds"); do
  # Each is first as often as the other.
  if ((round % 2)); then order="hearth containerd"; else order="containerd hearth"; fi
  for name in $order; do benchmark "$name" "$round"; done
done
echo "load after: $(cut -d' ' -f1-3 /proc/loadavg)"

medians() { # NAME: one line "OPERATION MEDIAN_MS P99_MS COUNT" for each operation
  jq -rs '
    [.[] | .operationsNames as $n | .datapoints[].operationsDurationsNs | to_entries[]
      | {name: $n[.key], ms: (.value / 1e6)}]
    | group_by(.name)[] | (map(.ms) | sort) as $v | ($v | length) as $l
    | "\(.[0].name) \(($v[($l - 1) / 2 | floor] + $v[$l / 2 | floor]) / 2) \($v[($l * 0.99 | ceil) - 1]) \($l)"
  ' "$work/out/$1".*/*.json
}
medians hearth | sort >"$work/a"
medians containerd | sort >"$work/b"
echo
echo "| p50 / p99, ms | hearth | containerd+runc | containerd / hearth | samples of each |"
echo "|---|---|---|---|---|"
join "$work/a" "$work/b" | awk '{
  printf "| %s | %.2f / %.1f | %.2f / %.1f | %.2fx | %d |\n", $1, $2, $3, $5, $6, $5 / $2, $4 }'
