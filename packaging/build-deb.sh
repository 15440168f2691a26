#!/bin/bash
# Builds the Debian package of one architecture: the program, the npm packages that it needs on that architecture and no other,
# and the Node that runs it. Nothing is compiled, here or on the device; the other architecture needs no emulation.
#
# build-deb.sh [--arch amd64|arm64] [--version VERSION] [--out FOLDER]
#
# Takes dist/ as `npm run build` left it. Needs npm's registry, dpkg-deb, tar and xz. Prints the path of the package.
set -euo pipefail

project=$(cd "$(dirname "$0")/.." && pwd)
arch=$(dpkg --print-architecture)
version=$(node -p "require('$project/package.json').version")
out=$project/artifacts

usage() {
  echo "build-deb.sh: $1 (usage: build-deb.sh [--arch amd64|arm64] [--version VERSION] [--out FOLDER])" >&2
  exit 64
}
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage "$1 needs a value"
  case $1 in
    --arch) arch=$2 ;;
    --version) version=$2 ;;
    --out) out=$2 ;;
    *) usage "unknown option $1" ;;
  esac
  shift 2
done

# The newest of the LTS line; its binaries are on npm's registry. Another one is one line and its two checksums.
node_version=24.21.0
case $arch in
  amd64)
    npm_cpu=x64
    node_sha512=3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==
    ;;
  arm64)
    npm_cpu=arm64
    node_sha512=FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==
    ;;
  *) usage "there is no package for $arch" ;;
esac
[ -f "$project/dist/main.js" ] || usage "there is no dist/: run \`npm ci && npm run build\` first"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/root
app=$root/usr/lib/ocellus
mkdir -p "$app" "$root/DEBIAN" "$out"

# The same input gives the same package.
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$project" log -1 --format=%ct 2>/dev/null || stat -c %Y "$project/package.json")}

cp -r "$project/dist" "$project/config" "$project/package.json" "$app/"
mkdir "$app/models"
cp "$project"/models/*.onnx "$project"/models/*.yaml "$app/models/"
cp "$project/package-lock.json" "$project/.npmrc" "$app/"
(cd "$app" && npm ci --omit=dev --os=linux --cpu=$npm_cpu --libc=glibc --no-audit --no-fund --loglevel=error >&2)
rm "$app/package-lock.json"
# The device has no use for what builds and tests the program, nor has the bill of materials.
(cd "$app" && npm pkg set "version=$version" && npm pkg delete devDependencies scripts)
(cd "$app" && npm sbom --omit=dev --sbom-format=cyclonedx >"$work/sbom.json")
rm "$app/.npmrc"
# ONNX Runtime's package holds every platform.
find "$app/node_modules/onnxruntime-node/bin" -mindepth 2 -maxdepth 3 -type d \
  \( -path '*/darwin' -o -path '*/win32' -o -path '*/linux/*' \) ! -path "*/linux/$npm_cpu" -prune -exec rm -r {} +
# Those for musl come with those for glibc.
rm -rf "$app"/node_modules/@libsql/*-musl "$app"/node_modules/@koromix/*/musl_*
# What no run reads.
find "$app" \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' -o -name '*.tsbuildinfo' \) -type f -delete
find "$app" -path '*/node_modules/*' -type d \( -name test -o -name tests -o -name docs -o -name example -o -name examples -o -name .github \) -prune -exec rm -r {} +

(cd "$work" && npm pack --silent "node-linux-$npm_cpu@$node_version" >/dev/null)
node_archive=$work/node-linux-$npm_cpu-$node_version.tgz
found=$(openssl dgst -sha512 -binary "$node_archive" | base64 -w0)
if [ "$found" != "$node_sha512" ]; then
  echo "build-deb.sh: Node $node_version for $npm_cpu has another checksum than stated here: $found" >&2
  exit 1
fi
mkdir -p "$app/node/bin"
tar -xzf "$node_archive" -C "$app/node" --strip-components=1 package/bin/node package/LICENSE

install -D -m 755 "$project/packaging/debian/ocellus.sh" "$root/usr/bin/ocellus"
install -D -m 644 "$project/systemd/ocellus.service" "$root/usr/lib/systemd/system/ocellus.service"
install -D -m 644 "$project/systemd/ocellus.sysusers.conf" "$root/usr/lib/sysusers.d/ocellus.conf"
install -D -m 644 "$project/systemd/ocellus.tmpfiles.conf" "$root/usr/lib/tmpfiles.d/ocellus.conf"
# Beside the configuration there is no schema: editors find it here.
sed 's#\$schema=schema.json#$schema=/usr/lib/ocellus/config/schema.json#' "$project/config/ocellus.yaml" >"$work/ocellus.yaml"
install -D -m 644 "$work/ocellus.yaml" "$root/etc/ocellus/ocellus.yaml"
doc=$root/usr/share/doc/ocellus
install -D -m 644 "$project/LICENSE" "$doc/copyright"
node "$project/packaging/add-node-to-sbom.mjs" "$node_version" <"$work/sbom.json" >"$doc/sbom.cdx.json"

for script in postinst prerm postrm; do
  install -m 755 "$project/packaging/debian/$script" "$root/DEBIAN/$script"
done
echo /etc/ocellus/ocellus.yaml >"$root/DEBIAN/conffiles"
find "$root" -type d -exec chmod 755 {} +
find "$root/usr" -type f ! -perm -u+x -exec chmod 644 {} +
installed_kib=$(du -sk --apparent-size "$root" | cut -f1)
sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@INSTALLED_KIB@/$installed_kib/" \
  "$project/packaging/debian/control.in" >"$root/DEBIAN/control"
(cd "$root" && find . -path ./DEBIAN -prune -o -type f ! -path ./etc/ocellus/ocellus.yaml -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
find "$root" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +

deb=$out/ocellus_${version}_${arch}.deb
# DPKG_DEB_COMPRESSOR_LEVEL=1 is quick, for trying things. xz: dpkg of JetPack 5 (Ubuntu 20.04) knows no zstd of Debian's.
dpkg-deb --root-owner-group -Zxz --build "$root" "$deb" >&2
cp "$doc/sbom.cdx.json" "$out/ocellus_${version}_${arch}.sbom.cdx.json"
echo "$deb"
